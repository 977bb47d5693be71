/** The results of runs that are compared: of each, of each group, and how far both are from the baseline. */
import type { Better } from '../../../config/ranking.ts';
import {
  type BaselineDifference,
  differenceTo,
  type Result,
} from '../../../experiment/baseline.ts';
import { type Summary, summarise } from '../../../experiment/statistics/summary.ts';
import type { ValidatedRun } from '../../../experiment/validatedRuns.ts';
import { formatSeed } from '../../../runs/format.ts';
import type { RunSummary } from '../../../runs/store.ts';

/** A run with its value of the metric that is looked at, so far. */
export interface MeasuredRun {
  readonly run: RunSummary;
  readonly last: number | null;
}

/** Of the last validation; `null` before the first, and if it was not finite. */
export function lastOf({ validations }: ValidatedRun, metric: string): number | null {
  return (
    validations.findLast(({ metrics }) => metrics[metric] !== undefined)?.metrics[metric] ?? null
  );
}

export function bestOf(
  { validations }: ValidatedRun,
  metric: string,
  better: Better | null,
): number | null {
  const values = validations.flatMap(({ metrics }) => metrics[metric] ?? []);
  if (better === null || values.length === 0) return null;
  return better === 'higher' ? Math.max(...values) : Math.min(...values);
}

/** A run that goes on, or failed, has no result yet. */
export function resultsOf(runs: readonly MeasuredRun[]): Result[] {
  return runs.flatMap(({ run: { status, manifest }, last }) =>
    status === 'finished' && last !== null
      ? [{ seed: formatSeed(manifest.seed), method: manifest.aggregator, value: last }]
      : [],
  );
}

export function finalOf(runs: readonly MeasuredRun[]): Summary | null {
  const values = resultsOf(runs).map(({ value }) => value);
  return values.length === 0 ? null : summarise(values);
}

/** To the baseline's run of the same seed or, without one, to its mean. */
export function runDifference(
  baseline: readonly Result[],
  measured: MeasuredRun,
): BaselineDifference | null {
  const own = resultsOf([measured]);
  const same = baseline.filter(({ seed }) => seed === own[0]?.seed);
  const alike = same.length > 1 ? same.filter(({ method }) => method === own[0]?.method) : same;
  return differenceTo(alike.length === 1 ? alike : baseline, own);
}
