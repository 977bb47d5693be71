/** The error rate of every test; intervals have a confidence of 1 − α. */
export const ALPHA = 0.05;

/** A confidence interval; a bound may be infinite. */
export interface Interval {
  readonly low: number;
  readonly high: number;
}

/** Of a value between these bounds. */
export function halfWidth({ low, high }: Interval): number {
  return (high - low) / 2;
}

/** That of −x, for an interval of x. */
export function negated({ low, high }: Interval): Interval {
  return { low: -high, high: -low };
}

export function contains({ low, high }: Interval, value: number): boolean {
  return low <= value && value <= high;
}
