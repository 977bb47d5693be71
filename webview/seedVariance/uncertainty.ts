/**
 * How uncertain a standard deviation over n seeds is, for normally distributed values: (n − 1)s²/σ² follows χ² with n − 1 degrees of
 * freedom, so the 95 % interval of σ is s·√((n − 1)/χ²₀.₉₇₅) … s·√((n − 1)/χ²₀.₀₂₅).
 */

/** 2.5 % and 97.5 % points of χ² with 1…4 degrees of freedom, from the published tables. */
const QUANTILES = [
  [0.000982, 5.024],
  [0.0506, 7.378],
  [0.2158, 9.348],
  [0.4844, 11.143],
] as const;

/** The largest number of seeds for which there is a warning. */
export const FEW = QUANTILES.length + 1;

/** Factors on s that bound σ with 95 % confidence. @param n seeds, 2…5 */
export function stdInterval(n: number): readonly [low: number, high: number] {
  const quantiles = QUANTILES[n - 2];
  if (!quantiles) throw new RangeError(`2 to ${FEW} seeds, not ${n}`);
  const [low, high] = quantiles;
  return [Math.sqrt((n - 1) / high), Math.sqrt((n - 1) / low)];
}
