/** The interval of a standard deviation, by the jackknife of its logarithm (Miller 1968). */
import { criticalT } from './distributions.ts';
import { ALPHA, type Interval } from './interval.ts';
import { summarise } from './summary.ts';

/**
 * The 95 % interval of a positive statistic: with its logarithm L of all n values and L₍ᵢ₎ of all but the i-th, L ± t·s/√n over the
 * pseudo-values n·L − (n − 1)·L₍ᵢ₎, with n − 1 degrees of freedom.
 * @param logarithm `null` where the statistic is not positive
 * @returns `null` for fewer than three values, or where leaving one out leaves nothing positive
 */
export function jackknifeInterval(
  values: readonly number[],
  logarithm: (values: readonly number[]) => number | null,
): Interval | null {
  const n = values.length;
  const log = n < 3 ? null : logarithm(values);
  if (log === null) return null;
  const pseudo = values.flatMap((_, i) => {
    const without = logarithm(values.toSpliced(i, 1));
    return without === null ? [] : [n * log - (n - 1) * without];
  });
  if (pseudo.length < n) return null;
  const margin = (criticalT(n - 1, ALPHA) * summarise(pseudo).std!) / Math.sqrt(n);
  const interval = { low: Math.exp(log - margin), high: Math.exp(log + margin) };
  return Number.isFinite(interval.high) ? interval : null;
}
