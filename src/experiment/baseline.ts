/** How far results are from those of a baseline, paired by seed where possible. */

import type { Interval } from './statistics/interval.ts';
import { pairedT } from './statistics/means.ts';
import { summarise } from './statistics/summary.ts';

export interface Result {
  readonly seed: string;
  readonly method: string;
  readonly value: number;
}

export interface BaselineDifference {
  /** Mean less the baseline's mean; over pairs of the same seed where there are some. */
  readonly difference: number;
  /** 95 %, of Student's paired t; `null` for fewer than two pairs, and without pairs. */
  readonly interval: Interval | null;
  /** Results that both have, of the same seed; 0 where the means of all are compared. */
  readonly pairs: number;
}

/**
 * Results are paired by seed or, where both have several methods of a seed, by method and seed.
 * @returns `null` if one of them has no result
 */
export function differenceTo(
  baseline: readonly Result[],
  results: readonly Result[],
): BaselineDifference | null {
  if (baseline.length === 0 || results.length === 0) return null;
  const differences = [
    differencesBy(({ seed }) => seed, baseline, results),
    differencesBy(({ seed, method }) => `${method} ${seed}`, baseline, results),
  ].find(({ length }) => length > 0);
  if (differences) {
    const { difference, interval } = pairedT(differences);
    return { difference, interval, pairs: differences.length };
  }
  const meanOf = (of: readonly Result[]) => summarise(of.map(({ value }) => value)).mean;
  return { difference: meanOf(results) - meanOf(baseline), interval: null, pairs: 0 };
}

/** None if a key occurs twice: which of its results would be paired? */
function differencesBy(
  keyOf: (result: Result) => string,
  baseline: readonly Result[],
  results: readonly Result[],
): number[] {
  const [one, other] = [results, baseline].map(
    (all) => new Map(all.map((result) => [keyOf(result), result.value])),
  );
  if (one!.size < results.length || other!.size < baseline.length) return [];
  return [...one!].flatMap(([key, value]) => {
    const paired = other!.get(key);
    return paired === undefined ? [] : [value - paired];
  });
}
