/** Confidence of every interval, and the error rate of every test. */
export const LEVEL = 0.95;
export const ALPHA = 1 - LEVEL;

/** A confidence interval; a bound may be infinite. */
export interface Interval {
  readonly low: number;
  readonly high: number;
}

export function contains({ low, high }: Interval, value: number): boolean {
  return low <= value && value <= high;
}
