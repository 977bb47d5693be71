/** Performance profiles (Agarwal et al. 2021, arXiv:2108.13264): which share of the runs ends above each threshold. */
import type { Better } from '../../config/ranking.ts';
import { binomialQuantile } from './distributions.ts';
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
 * over runs, without sampling: of n runs drawn anew, those above a threshold are binomial.
 * @param values of runs, at least one; `null` for one that is worse than any threshold
 * @returns thresholds from worst to best
 */
export function performanceProfile(
  values: readonly (number | null)[],
  better: Better,
): ProfilePoint[] {
  const sign = better === 'higher' ? 1 : -1;
  const signed = values.map((value) => (value === null ? Number.NEGATIVE_INFINITY : sign * value));
  const thresholds = [...new Set([Number.NEGATIVE_INFINITY, ...signed])].sort((a, b) => a - b);
  const n = values.length;
  return thresholds.map((threshold) => {
    const share = signed.filter((value) => value > threshold).length / n;
    return {
      threshold: Number.isFinite(threshold) ? sign * threshold : null,
      share,
      low: binomialQuantile(ALPHA / 2, n, share) / n,
      high: binomialQuantile(1 - ALPHA / 2, n, share) / n,
    };
  });
}
