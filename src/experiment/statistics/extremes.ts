/** What the smallest and the largest of some values say of further ones, whatever the distribution. */
import { ALPHA } from './interval.ts';

export interface Extremes {
  /** Probability that a further value is below the minimum; that it is above the maximum is as large. */
  readonly further: number;
  /** With 95 % confidence, at most this share of all values there could be is below the minimum; as much for the maximum. */
  readonly beyond: number;
}

/**
 * For n independent values of one distribution the least of n + 1 is as likely to be any of them: 1/(n + 1). The share below the
 * minimum has the distribution Beta(1, n), whose 95 % quantile is 1 − 0.05^(1/n) (Wilks 1941). With ties both are bounds. A
 * bootstrap has no interval for an extreme: its samples never leave the range of the values (Bickel & Freedman 1981).
 */
export function extremesOf(n: number): Extremes {
  return { further: 1 / (n + 1), beyond: 1 - ALPHA ** (1 / n) };
}
