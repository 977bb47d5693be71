/** How far results are from those of a baseline, paired by seed where possible. */

import type { Interval } from './statistics/interval.ts';
import { pairedT } from './statistics/means.ts';
import { summarise } from './statistics/summary.ts';

export interface SeedValue {
  readonly seed: string;
  readonly value: number;
}

export interface BaselineDifference {
  /** Mean less the baseline's mean; over pairs of the same seed where there are some. */
  readonly difference: number;
  /** 95 %, of Student's paired t; `null` for fewer than two pairs, and without pairs. */
  readonly interval: Interval | null;
  /** Seeds that both have; 0 where the means of all are compared. */
  readonly pairs: number;
}

/** @returns `null` if one of them has no result */
export function differenceTo(
  baseline: readonly SeedValue[],
  results: readonly SeedValue[],
): BaselineDifference | null {
  if (baseline.length === 0 || results.length === 0) return null;
  const [one, other] = [bySeed(results), bySeed(baseline)];
  const differences = [...(one ?? [])].flatMap(([seed, value]) => {
    const paired = other?.get(seed);
    return paired === undefined ? [] : [value - paired];
  });
  if (differences.length > 0) {
    const { difference, interval } = pairedT(differences);
    return { difference, interval, pairs: differences.length };
  }
  const meanOf = (values: readonly SeedValue[]) => summarise(values.map(({ value }) => value)).mean;
  return { difference: meanOf(results) - meanOf(baseline), interval: null, pairs: 0 };
}

/** `null` if a seed occurs twice: which of its results would be paired? */
function bySeed(values: readonly SeedValue[]): ReadonlyMap<string, number> | null {
  const map = new Map(values.map(({ seed, value }) => [seed, value]));
  return map.size === values.length ? map : null;
}
