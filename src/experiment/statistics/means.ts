/** How far the means of two methods are apart, paired by seed. */

import { criticalT, tTails } from './distributions.ts';
import { ALPHA, type Interval } from './interval.ts';
import { hasSpread, summarise } from './summary.ts';

export interface PairedT {
  /** Mean of the differences. */
  readonly difference: number;
  /** 95 %: it contains 0 exactly if p ≥ 0.05. `null` where t is undefined. */
  readonly interval: Interval | null;
  readonly t: number | null;
  /** Two-sided. `null` where t is undefined: fewer than two pairs, or all differences alike. */
  readonly p: number | null;
}

/**
 * Student's t test of paired differences (Student 1908): t = mean / (s/√n) with n − 1 degrees of freedom. Differences that are
 * all zero have p = 1; equal ones that are not have no spread to be compared with, and no p.
 * @param differences finite, one per pair
 */
export function pairedT(differences: readonly number[]): PairedT {
  const summary = summarise(differences);
  const { mean: difference, n } = summary;
  if (!hasSpread(summary)) {
    return n >= 2 && difference === 0
      ? { difference, interval: { low: 0, high: 0 }, t: 0, p: 1 }
      : { difference, interval: null, t: null, p: null };
  }
  const t = difference / (summary.std / Math.sqrt(n));
  return { difference, interval: meanInterval(differences), t, p: tTails(t, n - 1) };
}

/** Student's interval of a mean, by default of 95 %; `null` for fewer than two values, or if all are alike. */
export function meanInterval(values: readonly number[], alpha = ALPHA): Interval | null {
  const { mean, std, n } = summarise(values);
  if (!std) return null;
  const margin = (criticalT(n - 1, alpha) * std) / Math.sqrt(n);
  return { low: mean - margin, high: mean + margin };
}
