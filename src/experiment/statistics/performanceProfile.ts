/** Performance profiles (Agarwal et al. 2021, arXiv:2108.13264): which share of the runs ends above each threshold. */
import type { Better } from '../../config/ranking.ts';
import { binomialShares } from './distributions.ts';
import { ALPHA } from './interval.ts';

export interface ProfilePoint {
  /** `null` is the worst there could be: every run that has a value is better. */
  readonly threshold: number | null;
  /** Of the runs, those better than the threshold: strictly above it, or below it where lower is better. */
  readonly share: number;
  /** The band of the share at this threshold alone, 95 %. */
  readonly low: number;
  readonly high: number;
}

/**
 * The profile where it changes: its share at a threshold holds up to the next one. The band is that of percentiles of the bootstrap
 * over the runs of each task, without sampling: of a task's runs drawn anew, those above a threshold are binomial.
 * @param tasks of each, the values of its runs: equally many, at least one; `null` for one that is worse than any threshold
 * @returns thresholds from worst to best
 */
export function performanceProfile(
  tasks: readonly (readonly (number | null)[])[],
  better: Better,
): ProfilePoint[] {
  const sign = better === 'higher' ? 1 : -1;
  const signed = tasks.map((values) =>
    values.map((value) => (value === null ? Number.NEGATIVE_INFINITY : sign * value)),
  );
  const thresholds = [...new Set([Number.NEGATIVE_INFINITY, ...signed.flat()])].sort(
    (a, b) => a - b,
  );
  const n = signed.flat().length;
  return thresholds.map((threshold) => {
    const above = signed.map((values) => values.filter((value) => value > threshold).length);
    const counts = above
      .map((count, task) => binomialShares(signed[task]!.length, count / signed[task]!.length))
      .reduce(convolved);
    return {
      threshold: Number.isFinite(threshold) ? sign * threshold : null,
      share: above.reduce((sum, count) => sum + count, 0) / n,
      low: quantileOf(counts, ALPHA / 2) / n,
      high: quantileOf(counts, 1 - ALPHA / 2) / n,
    };
  });
}

/** The distribution of a sum of two counts. */
function convolved(one: readonly number[], other: readonly number[]): number[] {
  const sums = Array<number>(one.length + other.length - 1).fill(0);
  for (const [i, a] of one.entries()) for (const [j, b] of other.entries()) sums[i + j]! += a * b;
  return sums;
}

/** The least count with P(X ≤ count) ≥ p. @param shares P(X = 0), P(X = 1), … */
function quantileOf(shares: readonly number[], p: number): number {
  let below = 0;
  return shares.findIndex((share) => {
    below += share;
    // Rounding of the sum.
    return below >= p - 1e-12;
  });
}
