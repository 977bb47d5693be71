/** How fast a sequence decays. */
import { linearRegression } from 'simple-statistics';

/** Points of the fit, evenly spaced in log T: the last decade must not outweigh all before. */
const POINTS = 24;

/**
 * The exponent p of v(T) ≈ C·T⁻ᵖ, by least squares of log v on log T over T = `from` … n; p = 1 is a decay in 1/T.
 * @param values v(1), …, v(n)
 * @returns `null` if a value in that range is not positive, or the range has fewer than two points
 */
export function decayExponent(values: readonly number[], from = 1): number | null {
  const spacing = (Math.log(values.length) - Math.log(from)) / (POINTS - 1);
  const places = Array.from({ length: POINTS }, (_, i) => Math.round(from * Math.exp(i * spacing)));
  const points = [...new Set(places)].map((at) => [Math.log(at), Math.log(values[at - 1]!)]);
  if (points.length < 2 || !points.flat().every(Number.isFinite)) return null;
  return -linearRegression(points).m;
}

/** The least value so far, at each place. */
export function runningMinimum(values: readonly number[]): number[] {
  let least = Number.POSITIVE_INFINITY;
  return values.map((value) => {
    least = Math.min(least, value);
    return least;
  });
}
