/** Intervals of logarithms of standard deviations and of their ratios, by the jackknife (Miller 1968). */
import { criticalT } from './distributions.ts';
import { ALPHA, type Interval } from './interval.ts';
import { summarise } from './summary.ts';

/**
 * The interval, by default of 95 %, of a positive statistic: with its logarithm L of all n items and L₍ᵢ₎ of all but the i-th, L ± t·s/√n over the
 * pseudo-values n·L − (n − 1)·L₍ᵢ₎, with n − 1 degrees of freedom.
 * @param logarithm `null` where the statistic is not positive
 * @returns `null` for fewer than three items, or where leaving one out leaves nothing positive
 */
export function jackknifeInterval<T>(
  items: readonly T[],
  logarithm: (items: readonly T[]) => number | null,
  alpha = ALPHA,
): Interval | null {
  const n = items.length;
  const log = n < 3 ? null : logarithm(items);
  if (log === null) return null;
  const pseudo = items.flatMap((_, i) => {
    const without = logarithm(items.toSpliced(i, 1));
    return without === null ? [] : [n * log - (n - 1) * without];
  });
  if (pseudo.length < n) return null;
  const margin = (criticalT(n - 1, alpha) * summarise(pseudo).std!) / Math.sqrt(n);
  const interval = { low: Math.exp(log - margin), high: Math.exp(log + margin) };
  return Number.isFinite(interval.high) ? interval : null;
}
