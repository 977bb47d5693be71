/**
 * How often intervals contain the truth, and how often tests find a difference where there is none and where there is one, in
 * simulated experiments: `node bench/statistics.ts [--experiments 1000] [--only tasks]` writes the tables of docs/statistics.md.
 */
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { uniformFloat64 } from 'pure-rand/distribution/uniformFloat64';
import type { RandomGenerator } from 'pure-rand/types/RandomGenerator';
import { mean, sampleStandardDeviation } from 'simple-statistics';
import { keyedRandom } from '../src/engine/keyedRandom.ts';
import { type Findings, findingsOf } from '../src/experiment/findings.ts';
import { table } from '../src/experiment/markdown.ts';
import { bootstrapInterval, percentileInterval } from '../src/experiment/statistics/bootstrap.ts';
import { bisect, normalCdf } from '../src/experiment/statistics/distributions.ts';
import { extremesOf } from '../src/experiment/statistics/extremes.ts';
import { contains, type Interval } from '../src/experiment/statistics/interval.ts';
import { meanInterval } from '../src/experiment/statistics/means.ts';
import { ratioOfSpreads, spreadInterval } from '../src/experiment/statistics/spread.ts';
import { interquartileRange } from '../src/experiment/statistics/summary.ts';
import { scoresOf } from '../src/experiment/tasks/scores.ts';
import { tasksFindingsOf } from '../src/experiment/tasks/tasksFindings.ts';
import { simulatedTasks } from '../test/unit/experiment/simulatedTasks.ts';
import { circumstances, writeFigures } from './readme.ts';

const { values } = parseArgs({
  options: {
    experiments: { type: 'string', default: '1000' },
    only: { type: 'string', multiple: true, default: ['coverage', 'extremes', 'found', 'tasks'] },
  },
});
const EXPERIMENTS = Number(values.experiments);
/** Fewer than the product's 5,000: the coverage is the same to the digits shown. */
const RESAMPLES = 1000;
const SEEDS = [3, 5, 6, 8, 20, 40];
/** Of each of several tasks. */
const TASKS_SEEDS = [3, 5, 10, 20];
const EXTREMES_SEEDS = [5, 10, 20, 30];
const docs = fileURLToPath(new URL('../docs/statistics.md', import.meta.url));

type Draw = (random: RandomGenerator) => number;

function normal(random: RandomGenerator): number {
  const radius = Math.sqrt(-2 * Math.log(1 - uniformFloat64(random)));
  return radius * Math.cos(2 * Math.PI * uniformFloat64(random));
}

/** Final values of a seed, with mean 0: what seeds of a fine-tune look like, and worse. */
const distributions: readonly {
  readonly name: string;
  readonly std: number;
  readonly draw: Draw;
  readonly cdf: (x: number) => number;
}[] = [
  { name: 'normal', std: 1, draw: normal, cdf: normalCdf },
  // A χ² of four degrees of freedom.
  {
    name: 'skewed',
    std: Math.sqrt(8),
    draw: (random) => 4 + 2 * Math.log((1 - uniformFloat64(random)) * (1 - uniformFloat64(random))),
    cdf: (x) => (x >= 4 ? 1 : Math.exp((x - 4) / 2) * (1 + (4 - x) / 2)),
  },
  // One run of ten ends eight standard deviations lower.
  {
    name: 'one of ten fails',
    std: Math.sqrt(1 + 64 * 0.09),
    draw: (random) => normal(random) + 0.8 - (uniformFloat64(random) < 0.1 ? 8 : 0),
    cdf: (x) => 0.9 * normalCdf(x - 0.8) + 0.1 * normalCdf(x + 7.2),
  },
];

/** Shares of the simulated experiments for which things hold, in percent; `null` in one of them leaves the experiment out. */
function rates(
  name: string,
  n: number,
  holds: (random: RandomGenerator) => (boolean | null)[],
): string[] {
  const outcomes = Array.from({ length: EXPERIMENTS }, (_, experiment) =>
    holds(keyedRandom(`bench statistics ${name}`, n, experiment)),
  );
  return outcomes[0]!.map((_, column) => {
    const held = outcomes.map((outcome) => outcome[column]!).filter((it) => it !== null);
    if (held.length < EXPERIMENTS / 2) return '–';
    return `${((100 * held.filter(Boolean).length) / held.length).toFixed(1)} %`;
  });
}

/** A row for each thing, a column for each number of seeds. */
function rows(labels: readonly string[], columns: readonly (readonly string[])[]): string[][] {
  return labels.map((label, row) => [label, ...columns.map((column) => column[row]!)]);
}

function sample(n: number, draw: () => number): number[] {
  return Array.from({ length: n }, draw);
}

/** Whether an interval contains the truth; `null` where there is none. */
function covers(interval: Interval | null, truth: number): boolean | null {
  return interval && contains(interval, truth);
}

function coverageRows(): string[][] {
  const std = (values: readonly number[]) => sampleStandardDeviation([...values]);
  const labels = [
    ...['mean: BCa bootstrap', 'mean: t', 'standard deviation: BCa bootstrap'],
    ...['standard deviation: jackknife', 'ratio of standard deviations: inverted permutation test'],
  ];
  return distributions.flatMap(({ name, std: truth, draw }) => {
    const columns = SEEDS.map((n) =>
      rates(name, n, (random) => {
        const one = sample(n, () => draw(random));
        const pairs = one.map((value) => [value, draw(random)] as const);
        return [
          covers(
            bootstrapInterval(one, (x) => mean([...x]), RESAMPLES),
            0,
          ),
          covers(meanInterval(one), 0),
          covers(bootstrapInterval(one, std, RESAMPLES), truth),
          covers(spreadInterval(one), truth),
          covers(ratioOfSpreads(pairs)?.interval ?? null, 1),
        ];
      }),
    );
    return rows(labels, columns).map((row) => [name, ...row]);
  });
}

/** An experiment of two methods with seeds in common that correlate by a half. */
function experiment(
  n: number,
  random: RandomGenerator,
  draw: Draw,
  shift: number,
  scale: number,
): Findings {
  const common = sample(n, () => draw(random));
  const values = [1, scale].map((factor) =>
    common.map((shared) => (factor * (shared + draw(random))) / Math.SQRT2),
  );
  const results = values.flatMap((of, method) =>
    of.map((value, seed) => ({
      run: `${method}-${seed}`,
      method: method === 0 ? 'grain' : 'mean',
      seed: String(seed),
      status: 'finished' as const,
      counts: true,
      failed: false,
      reason: null,
      value: value + (method === 0 ? shift : 0),
    })),
  );
  const about = { metric: 'accuracy', better: 'higher' as const };
  return findingsOf({
    ...about,
    constantPredictor: null,
    isCrossed: false,
    looks: null,
    results,
    validation: null,
  });
}

function findingRows(): string[][] {
  const labels = [
    'means: p < 0.05',
    'means: “is ahead”',
    'spread: p < 0.05',
    'spread: “varies less”',
  ];
  return truths.flatMap(({ truth, shift, scale }) =>
    distributions.flatMap(({ name, std, draw }) => {
      const columns = SEEDS.map((n) =>
        rates(name, n, (random) => {
          const { means, spread } = experiment(n, random, draw, shift * std, scale).comparisons[0]!;
          return [
            (means?.p ?? 1) < 0.05,
            means?.finding === 'shown',
            (spread?.p ?? 1) < 0.05,
            spread?.finding === 'shown',
          ];
        }),
      );
      return rows(labels, columns).map((row) => [truth, name, ...row]);
    }),
  );
}

/** What is said of minimum, maximum and IQR. */
function extremesRows(): string[][] {
  const labels = [
    ...['IQR: BCa bootstrap', 'IQR: percentiles of the bootstrap'],
    ...['a further seed is below the minimum', 'not more of all seeds are below it'],
  ];
  return distributions.flatMap(({ name, draw, cdf }) => {
    const quantileOf = (p: number) => bisect((x) => p - cdf(x), -100, 100);
    const truth = quantileOf(3 / 4) - quantileOf(1 / 4);
    const columns = EXTREMES_SEEDS.map((n) =>
      rates(name, n, (random) => {
        const values = sample(n, () => draw(random));
        const least = Math.min(...values);
        return [
          covers(bootstrapInterval(values, interquartileRange, RESAMPLES), truth),
          covers(percentileInterval(values, interquartileRange, RESAMPLES), truth),
          ...[draw(random) < least, cdf(least) <= extremesOf(n).beyond],
        ];
      }),
    );
    return rows(labels, columns).map((row) => [name, ...row]);
  });
}

/** Of three tasks on which methods are alike: what intervals contain, and what is found. */
function tasksRows(): string[][] {
  const labels = [
    ...['mean of a method: t', 'IQM of a method: bootstrap', 'median of a method: bootstrap'],
    ...['difference of means: t', 'difference of IQMs: bootstrap', 'P(better): bootstrap'],
    'called different',
  ];
  const columns = TASKS_SEEDS.map((n) =>
    rates('tasks', n, (random) => {
      const scores = scoresOf(simulatedTasks(n, () => normal(random)));
      const { methods, comparisons } = tasksFindingsOf(scores);
      const [{ meanInterval, iqmInterval, medianInterval }] = methods as [(typeof methods)[0]];
      const [comparison] = comparisons as [(typeof comparisons)[0]];
      return [
        covers(meanInterval, 0),
        ...[covers(iqmInterval, 0), covers(medianInterval, 0), covers(comparison.interval, 0)],
        covers(comparison.iqmInterval, 0),
        covers(comparison.probabilityInterval, 1 / 2),
        comparison.finding === 'shown',
      ];
    }),
  );
  return rows(labels, columns);
}

const truths = [
  { truth: 'no difference', shift: 0, scale: 1 },
  { truth: 'means one standard deviation apart', shift: 1, scale: 1 },
  { truth: 'spreads 1 : 3', shift: 0, scale: 3 },
];
const seeds = SEEDS.map((n) => `${n} seeds`);
const written: Readonly<Record<string, () => string>> = {
  coverage: () => table([['distribution', 'interval', ...seeds], ...coverageRows()], 2),
  extremes: () =>
    table(
      [['distribution', 'what', ...EXTREMES_SEEDS.map((n) => `${n} seeds`)], ...extremesRows()],
      2,
    ),
  found: () => table([['truth', 'distribution', 'found', ...seeds], ...findingRows()], 3),
  tasks: () =>
    table([['of three tasks', ...TASKS_SEEDS.map((n) => `${n} seeds`)], ...tasksRows()], 1),
};
for (const name of values.only) {
  const text = `${circumstances()}\n\n${written[name]!()}`;
  writeFigures(name, text, docs);
  console.log(`${text}\n`);
}
