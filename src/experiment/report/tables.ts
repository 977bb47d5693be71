/** The tables of an experiment's report, for every format that has them. */
import { formatPercent } from '../../runs/format.ts';
import type { Comparison } from '../comparison.ts';
import { sourceNames } from '../crossedFindings.ts';
import type { Findings, MethodFigures } from '../findings.ts';
import type { Component } from '../statistics/crossed.ts';
import { halfWidth } from '../statistics/interval.ts';
import { decimalsFor, fixed, significant, uncertaintyOf, unended } from '../wording.ts';
import { inDecimals, inDigits, inPercent, NONE, pText, withInterval } from './cells.ts';
import { curveTable } from './curveTable.ts';
import type { FullReport } from './fullReport.ts';
import { furtherTable } from './furtherTable.ts';
import { methodTable, type ReportTable } from './methodTable.ts';
import { soupTable } from './soupTable.ts';

/** Only those that have something to show. */
export function reportTables(report: FullReport): ReportTable[] {
  const all = [
    methodTable(report.findings, new Map(report.bootstrap.map(({ method, iqr }) => [method, iqr]))),
    differenceTable(report),
    furtherTable(report),
    crossedTable(report.findings.crossed),
    metricsTable(report.otherMetrics),
    agreementTable(report.agreement),
    disputedTable(report.agreement),
    bestTable(report),
    curveTable(report),
    soupTable(report.soups),
    runsTable(report.findings),
  ];
  return all.filter(({ rows }) => rows.length > 0);
}

function differenceTable(report: FullReport): ReportTable {
  return {
    title: 'Differences',
    note: 'p: of the test that decides (means: paired t; spread: paired permutation of |x − median|, under six seeds Brown–Forsythe; failures: Fisher; seeds × examples: multi-bootstrap). Holm: p corrected for the tests of means, spread and failures together. ε: bound of almost stochastic order, below 0.5 where the first method is better at almost every quantile; in the other direction after the stroke. d, g and rank-biserial have the sign of the difference.',
    head: ['methods', 'of', 'seeds', 'difference', 'p', 'Holm', 'other tests', 'effect'],
    rows: report.findings.comparisons.flatMap((comparison) => differenceRows(comparison, report)),
    words: 2,
  };
}

function differenceRows(comparison: Comparison, report: FullReport): string[][] {
  const { one, other, pairs, means, spread, failures } = comparison;
  const names = `${one} − ${other}`;
  const rows: string[][] = [];
  if (means) rows.push([names, 'means', String(pairs), ...meansCells(comparison, means, report)]);
  const over = report.overExamples.find((it) => it.one === one && it.other === other);
  if (over) {
    const text = inDecimals(halfWidth(over.interval));
    const difference = withInterval(text(over.difference), over.interval, text);
    const what = `seeds × ${over.examples} examples`;
    rows.push([names, what, String(over.seeds), difference, pText(over.p), '', '', '']);
  }
  if (spread) {
    const ratio =
      spread.ratio === null
        ? NONE
        : `× ${withInterval(inDigits(spread.ratio), spread.interval, inDigits)}`;
    const tests = `permutation ${pText(spread.permutationP)}, Brown–Forsythe ${pText(spread.brownForsytheP)}`;
    const [p, adjusted] = [pText(spread.p), pText(spread.adjusted)];
    rows.push([names, 'spread', String(pairs), ratio, p, adjusted, tests, '']);
  }
  if (failures) {
    rows.push([names, 'failures', '', '', pText(failures.p), pText(failures.adjusted), '', '']);
  }
  return rows;
}

function meansCells(
  { one, other }: Comparison,
  means: NonNullable<Comparison['means']>,
  { stochasticOrder }: FullReport,
): string[] {
  const { difference, interval, effect, hedgesG, rankBiserial, probabilityOfImprovement } = means;
  const text = inDecimals(uncertaintyOf(difference, interval));
  const orders = [
    [one, other],
    [other, one],
  ].flatMap(([a, b]) => stochasticOrder.find((it) => it.one === a && it.other === b) ?? []);
  const effects = [
    effect === null ? null : `d ${significant(effect, 2)}`,
    hedgesG === null ? null : `g ${significant(hedgesG, 2)}`,
    rankBiserial === null ? null : `rank-biserial ${significant(rankBiserial, 2)}`,
    probabilityOfImprovement === null
      ? null
      : `P(better) ${significant(probabilityOfImprovement, 2)}`,
    orders.length < 2
      ? null
      : `ε ${orders.map(({ epsilon }) => significant(epsilon, 2)).join(' / ')}`,
  ];
  return [
    withInterval(text(difference), interval, text),
    pText(means.p),
    pText(means.adjusted),
    `permutation ${pText(means.permutationP)}, signed-rank ${pText(means.signedRankP)}`,
    effects.filter((effect) => effect !== null).join(', '),
  ];
}

function crossedTable(crossed: Findings['crossed']): ReportTable {
  const cell = ({ variance, share, shareInterval }: Component) =>
    share === null
      ? inDigits(Math.sqrt(variance))
      : `${inDigits(Math.sqrt(variance))}, ${withInterval(formatPercent(share), shareInterval, formatPercent)}`;
  const named = (['init', 'order', 'split'] as const).filter((name) =>
    crossed.some(({ sources }) => sources.some(({ source }) => source === name)),
  );
  return {
    title: 'Where the variance comes from',
    note: 'Standard deviation that each source alone would leave, and its share of the variance. The rest: what they decide together, and what no seed decides.',
    head: ['method', 'crossed', ...named.map((source) => sourceNames[source]), 'rest'],
    rows: crossed.map(({ method, sources, rest }) => [
      ...[method, sources.map(({ seeds }) => seeds.length).join(' × ')],
      ...named.map((name) => {
        const own = sources.find(({ source }) => source === name);
        return own ? cell(own) : NONE;
      }),
      cell(rest),
    ]),
    words: 1,
  };
}

/** A row for each metric, a column for each method: mean and standard deviation. */
function metricsTable(metrics: FullReport['otherMetrics']): ReportTable {
  const methods = metrics[0]?.methods ?? [];
  return {
    title: 'Other metrics',
    head: ['metric', ...methods.map(({ method }) => method)],
    rows: metrics.map(({ metric, methods }) => [metric, ...methods.map(metricCell)]),
    words: 1,
  };
}

function metricCell({ figures }: MethodFigures): string {
  if (!figures) return NONE;
  const { mean, meanInterval, std, stdInterval } = figures;
  const text = inDecimals(std ?? 0);
  const level = withInterval(text(mean), meanInterval, text);
  return std === null ? level : `${level} ± ${withInterval(text(std), stdInterval, inDigits)}`;
}

function agreementTable(agreement: FullReport['agreement']): ReportTable {
  return {
    title: 'Agreement of the seeds',
    head: ['method', 'runs', 'examples', 'two runs differ on', 'all runs agree on'],
    rows: agreement.map(({ method, runs, examples, churn, unanimous }) => [
      ...[method, String(runs), String(examples)],
      ...[inPercent(churn), inPercent(unanimous)],
    ]),
    words: 1,
  };
}

function disputedTable(agreement: FullReport['agreement']): ReportTable {
  return {
    title: 'Most disputed examples',
    note: 'Numbered from 0 in the validation file.',
    head: ['method', 'target', 'answers of the runs', 'example'],
    rows: agreement.flatMap(({ method, disputed }) =>
      disputed.map(({ index, target, answers }) => [
        method,
        shortened(target),
        answers.map(({ answer, runs }) => `${shortened(answer ?? 'none')} ×${runs}`).join(', '),
        String(index),
      ]),
    ),
    words: 3,
  };
}

function shortened(text: string): string {
  const line = text.replaceAll(/\s+/g, ' ');
  return line.length > 40 ? `${line.slice(0, 39)}…` : line;
}

/** Numbers of runs: 1, 2, 3, 5, 10, 20, 50, … */
function bestTable({ expectedBest, findings }: FullReport): ReportTable {
  const most = Math.max(0, ...expectedBest.map(({ values }) => values.length));
  const budgets = [1, 2, 3, 5, 10, 20, 50, 100, 200, 500].filter((budget) => budget <= most);
  return {
    title: `Expected best ${findings.metric} of several runs`,
    head: ['method', ...budgets.map((budget) => `best of ${budget}`)],
    rows:
      most < 2
        ? []
        : expectedBest.map(({ method, values }) => [
            method,
            ...budgets.map((budget) =>
              budget <= values.length ? single(method, findings)(values[budget - 1]!) : NONE,
            ),
          ]),
    words: 1,
  };
}

/** A value of a single run: with a decimal more than the mean of its method. */
function single(method: string, { methods }: Findings): (value: number) => string {
  const std = methods.find((it) => it.method === method)?.figures?.std ?? 0;
  return (value) => fixed(value, Math.max(2, decimalsFor(std) + 1));
}

function runsTable(findings: Findings): ReportTable {
  return {
    title: 'Runs',
    head: ['run', 'method', 'seed', 'status', 'value', 'note'],
    rows: findings.runs.map(({ run, method, seed, status, value, reason }) => [
      ...[run, method, seed, status],
      value === null ? NONE : single(method, findings)(value),
      reason === null ? '' : unended(reason).replaceAll('\n', ' '),
    ]),
    words: 4,
  };
}
