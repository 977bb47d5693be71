/** The report of an experiment as Markdown: the verdict, then the figures that it follows from. */
import { formatPercent } from '../runs/format.ts';
import type { Comparison } from './comparison.ts';
import type { Findings, MethodFigures } from './findings.ts';
import type { FullReport } from './fullReport.ts';
import { table } from './markdown.ts';
import type { Interval } from './statistics/interval.ts';
import { decimalsFor, fixed, formatP, significant, unended } from './wording.ts';

const NONE = '–';

export function reportMarkdown(report: FullReport): string {
  const { experiments, verdict, findings, otherMetrics, agreement, expectedBest } = report;
  const { metric, better, comparisons, runs } = findings;
  const title = experiments.map(({ name, id }) => name || id).join(', ');
  const sections = [
    `# ${title}`,
    verdict.words.join('\n\n'),
    verdict.notes.map((note) => `- ${note}`).join('\n'),
    `## ${metric} over seeds`,
    ...(better
      ? [`${better === 'higher' ? 'Higher' : 'Lower'} is better. In brackets: 95 % intervals.`]
      : []),
    table([methodHead, ...findings.methods.map(methodRow)], 1),
    ...(comparisons.length === 0
      ? []
      : [
          '## Differences',
          differencesNote,
          table([differenceHead, ...comparisons.flatMap(differenceRows)], 2),
        ]),
    ...(otherMetrics.length === 0 ? [] : ['## Other metrics', metricsTable(otherMetrics)]),
    ...(agreement.length === 0 ? [] : ['## Agreement of the seeds', agreementTable(agreement)]),
    ...(expectedBest.some(({ values }) => values.length > 1)
      ? [`## Expected best ${metric} of several runs`, bestTable(expectedBest)]
      : []),
    '## Runs',
    runsTable(runs),
  ];
  return sections.filter((section) => section !== '').join('\n\n');
}

const methodHead = [
  ...['method', 'seeds', 'mean', 'IQM', 'standard deviation', 'min', 'max', 'IQR', 'failed'],
];

function methodRow({ method, figures, failures }: MethodFigures): string[] {
  const rate = failures
    ? `${failures.count} of ${failures.n} [${formatPercent(failures.interval.low)}, ${formatPercent(failures.interval.high)}]`
    : NONE;
  if (!figures) return [method, '0', NONE, NONE, NONE, NONE, NONE, NONE, rate];
  const { n, mean, meanInterval, std, stdInterval, min, max, iqr, iqm } = figures;
  const text = inDecimals(std ?? 0);
  return [
    method,
    String(n),
    withInterval(text(mean), meanInterval, text),
    n < 2 ? NONE : text(iqm),
    std === null ? NONE : withInterval(text(std), stdInterval, inDigits),
    text(min),
    text(max),
    n < 2 ? NONE : text(iqr),
    rate,
  ];
}

const differencesNote =
  'p: of the test that decides (means: paired t; spread: paired permutation of |x − median|, under six seeds Brown–Forsythe; failures: Fisher). Holm: p corrected for all rows of this table.';

const differenceHead = [
  'methods',
  'of',
  'seeds',
  'difference',
  'p',
  'Holm',
  'other tests',
  'effect',
];

function differenceRows({ one, other, pairs, means, spread, failures }: Comparison): string[][] {
  const names = `${one} − ${other}`;
  const rows: string[][] = [];
  if (means) {
    const { difference, interval, effect, rankBiserial, probabilityOfImprovement } = means;
    const text = inDecimals(interval ? (interval.high - interval.low) / 2 : Math.abs(difference));
    rows.push([
      ...[names, 'means', String(pairs), withInterval(text(difference), interval, text)],
      ...[pText(means.p), pText(means.adjusted), `permutation ${pText(means.permutationP)}`],
      [
        effect === null ? null : `d ${significant(effect, 2)}`,
        rankBiserial === null ? null : `rank-biserial ${significant(rankBiserial, 2)}`,
        probabilityOfImprovement === null
          ? null
          : `P(better) ${significant(probabilityOfImprovement, 2)}`,
      ]
        .filter((text) => text !== null)
        .join(', '),
    ]);
  }
  if (spread) {
    const ratio =
      spread.ratio === null
        ? NONE
        : `× ${withInterval(inDigits(spread.ratio), spread.interval, inDigits)}`;
    rows.push([
      ...[names, 'spread', String(pairs), ratio, pText(spread.p), pText(spread.adjusted)],
      `permutation ${pText(spread.permutationP)}, Brown–Forsythe ${pText(spread.brownForsytheP)}`,
      '',
    ]);
  }
  if (failures) {
    rows.push([names, 'failures', '', '', pText(failures.p), pText(failures.adjusted), '', '']);
  }
  return rows;
}

/** A row for each metric, a column for each method: mean and standard deviation. */
function metricsTable(metrics: FullReport['otherMetrics']): string {
  const [first] = metrics;
  return table(
    [
      ['metric', ...first!.methods.map(({ method }) => method)],
      ...metrics.map(({ metric, methods }) => [metric, ...methods.map(metricCell)]),
    ],
    1,
  );
}

function metricCell({ figures }: MethodFigures): string {
  if (!figures) return NONE;
  const { mean, meanInterval, std, stdInterval } = figures;
  const text = inDecimals(std ?? 0);
  const level = withInterval(text(mean), meanInterval, text);
  return std === null ? level : `${level} ± ${withInterval(text(std), stdInterval, inDigits)}`;
}

function agreementTable(agreement: FullReport['agreement']): string {
  return table(
    [
      [
        'method',
        'runs',
        'examples',
        'two runs differ on',
        'all runs agree on',
        'most disputed examples',
      ],
      ...agreement.map(({ method, runs, examples, churn, unanimous, disputed }) => [
        method,
        String(runs),
        String(examples),
        formatPercent(churn),
        formatPercent(unanimous),
        disputed.map(({ index }) => index).join(', ') || NONE,
      ]),
    ],
    1,
  );
}

/** Numbers of runs: 1, 2, 3, 5, 10, 20, 50, … */
function bestTable(best: FullReport['expectedBest']): string {
  const most = Math.max(...best.map(({ values }) => values.length));
  const budgets = [1, 2, 3, 5, 10, 20, 50, 100, 200, 500].filter((budget) => budget <= most);
  return table(
    [
      ['method', ...budgets.map((budget) => `best of ${budget}`)],
      ...best.map(({ method, values }) => [
        method,
        ...budgets.map((budget) =>
          budget <= values.length ? significant(values[budget - 1]!, 4) : NONE,
        ),
      ]),
    ],
    1,
  );
}

function runsTable(runs: Findings['runs']): string {
  return table(
    [
      ['run', 'method', 'seed', 'status', 'value', 'note'],
      ...runs.map(({ run, method, seed, status, value, reason }) => [
        run,
        method,
        seed,
        status,
        value === null ? NONE : significant(value, 4),
        reason === null ? '' : unended(reason).replaceAll('\n', ' '),
      ]),
    ],
    4,
  );
}

/** For bounds of spreads, which may be orders of magnitude apart. */
function inDigits(value: number): string {
  return significant(value, 2);
}

function inDecimals(size: number): (value: number) => string {
  const decimals = decimalsFor(size);
  return (value) => fixed(value, decimals);
}

/** "0.869 [0.855, 0.880]". */
function withInterval(
  text: string,
  interval: Interval | null,
  format: (value: number) => string,
): string {
  return interval ? `${text} [${format(interval.low)}, ${format(interval.high)}]` : text;
}

function pText(p: number | null): string {
  return p === null ? NONE : formatP(p).replace(/^p (= )?/, '');
}
