/** The error rate of every test; intervals have a confidence of 1 − α. */
export const ALPHA = 0.05;

/** A confidence interval; a bound may be infinite. */
export interface Interval {
  readonly low: number;
  readonly high: number;
}

export function contains({ low, high }: Interval, value: number): boolean {
  return low <= value && value <= high;
}
