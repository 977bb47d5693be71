import { mean, median, sampleStandardDeviation } from 'simple-statistics';
import { table } from '../../src/experiment/markdown.ts';
import { bootstrapInterval } from '../../src/experiment/statistics/bootstrap.ts';
import type { Pair } from '../../src/experiment/statistics/pairs.ts';
import { signFlipP } from '../../src/experiment/statistics/permutation.ts';
import { ratioOfSpreads } from '../../src/experiment/statistics/spread.ts';
import type { Outcome } from './outcome.ts';
import { stepsTo } from './outcome.ts';
import type { Setting } from './settings.ts';

export interface Result {
  readonly method: string;
  readonly rate: number;
  /** Seed by seed. */
  readonly outcomes: readonly Outcome[];
}

/** One row a method, against the mean of the same seeds. */
export function tableOf(
  setting: Pick<Setting, 'metric' | 'better' | 'baseline' | 'groups'>,
  results: readonly Result[],
): string {
  const base = results.find(({ method }) => method === 'mean')?.outcomes ?? [];
  const sign = setting.better === 'higher' ? 1 : -1;
  const isNamed = setting.groups === 'named';
  const rows = results.map(({ method, rate, outcomes }) => {
    const metrics = outcomes.map(({ metric }) => metric).filter(Number.isFinite);
    const failed = outcomes.filter(({ metric }) => !(sign * metric > sign * setting.baseline));
    const pairs = pairsOf(outcomes, base);
    const isCompared = method !== 'mean' && pairs.length >= 2;
    return [
      method,
      String(rate),
      String(outcomes.length),
      `${mean(metrics).toFixed(3)} ± ${sampleStandardDeviation(metrics).toFixed(3)}`,
      (sign > 0 ? Math.min(...metrics) : Math.max(...metrics)).toFixed(3),
      String(failed.length),
      isCompared ? formatDifference(pairs) : '',
      isCompared ? formatSpread(pairs) : '',
      percent(mean(outcomes.map(({ conflicts }) => conflicts))),
      formatSteps(outcomes, base),
      ...(outcomes.some(({ stalls }) => stalls > 0)
        ? [percent(mean(outcomes.map(({ stalls }) => stalls)))]
        : ['']),
      ...(isNamed ? [formatWeights(outcomes)] : []),
    ];
  });
  const header = [
    ...['method', 'rate', 'seeds', `${setting.metric} ± std`, 'worst', 'failed'],
    ...['against mean (95 %, p)', 'std, × mean (95 %)', 'conflict', 'steps to loss', 'stalled'],
    ...(isNamed ? ['weights, second half'] : []),
  ];
  const isEmpty = header.map((_, column) => rows.every((row) => row[column] === ''));
  return table(
    [header, ...rows].map((row) => row.filter((_, column) => !isEmpty[column])),
    1,
  );
}

/** The metrics of both for each seed whose runs ended well. */
export function pairsOf(
  outcomes: readonly Pick<Outcome, 'seed' | 'metric'>[],
  base: readonly Pick<Outcome, 'seed' | 'metric'>[],
): Pair[] {
  return outcomes.flatMap(({ seed, metric }) => {
    const other = base.find((outcome) => outcome.seed === seed)?.metric ?? Number.NaN;
    return Number.isFinite(metric - other) ? [[metric, other] as const] : [];
  });
}

/** "+0.012 (+0.003 … +0.021, p = 0.010)": of the means, by a bootstrap and by flipping signs. */
export function formatDifference(pairs: readonly Pair[]): string {
  const differences = pairs.map(([one, other]) => one - other);
  const interval = bootstrapInterval(differences, (sample) => mean([...sample]));
  const p = signFlipP(differences);
  const range = interval ? `${signed(interval.low)} … ${signed(interval.high)}, ` : '';
  return `${signed(mean(differences))} (${range}${p < 0.001 ? 'p < 0.001' : `p = ${p.toFixed(3)}`})`;
}

/** "0.80 (0.55 … 1.20)": of the standard deviations. */
export function formatSpread(pairs: readonly Pair[]): string {
  const spreads = ratioOfSpreads(pairs);
  if (!spreads) return '–';
  const { ratio, interval } = spreads;
  const range = interval ? ` (${interval.low.toFixed(2)} … ${interval.high.toFixed(2)})` : '';
  return `${ratio.toFixed(2)}${range}`;
}

/** Median number of steps to the loss that the mean's run of the same seed has in the middle; "never" if most runs do not reach it. */
function formatSteps(outcomes: readonly Outcome[], base: readonly Outcome[]): string {
  const steps = outcomes.flatMap((outcome) => {
    const other = base.find(({ seed }) => seed === outcome.seed);
    if (!other) return [];
    const goal = other.losses[Math.floor(other.losses.length / 2)]!;
    return [stepsTo(goal, outcome) ?? Number.POSITIVE_INFINITY];
  });
  if (steps.length === 0) return '';
  const middle = median(steps);
  return Number.isFinite(middle) ? middle.toFixed(0) : 'never';
}

/** "north 0.24, east 0.31": medians over the seeds. */
function formatWeights(outcomes: readonly Outcome[]): string {
  const names = [...outcomes[0]!.weights.keys()].sort();
  return names
    .map((name) => {
      const shares = outcomes.map(({ weights }) => weights.get(name)!);
      return `${name} ${median(shares).toFixed(3)}`;
    })
    .join(', ');
}

function signed(value: number): string {
  return `${value < 0 ? '−' : '+'}${Math.abs(value).toFixed(3)}`;
}

function percent(share: number): string {
  if (Number.isNaN(share)) return '–';
  return `${(100 * share).toFixed(share < 0.1 ? 1 : 0)} %`;
}
