import { max, mean, min, sampleStandardDeviation } from 'simple-statistics';
import { ALPHA, type Interval } from './interval.ts';

export interface Summary {
  readonly mean: number;
  /** Sample standard deviation (n − 1); `null` for fewer than two values. */
  readonly std: number | null;
  readonly min: number;
  readonly max: number;
  readonly n: number;
}

/** @param values at least one, finite */
export function summarise(values: readonly number[]): Summary {
  const copy = [...values];
  return {
    mean: mean(copy),
    std: copy.length < 2 ? null : sampleStandardDeviation(copy),
    min: min(copy),
    max: max(copy),
    n: copy.length,
  };
}

/** A spread that is the rounding of its mean counts as none. */
export function hasSpread<Of extends Pick<Summary, 'mean' | 'std'>>(
  of: Of,
): of is Of & { readonly std: number } {
  return of.std !== null && !(of.std <= 1e-12 * Math.abs(of.mean));
}

/** Quantile with linear interpolation between order statistics (type 7 of Hyndman & Fan 1996). @param sorted ascending, at least one */
export function quantile(sorted: readonly number[], p: number): number {
  const at = p * (sorted.length - 1);
  const below = Math.floor(at);
  const [low, high] = [sorted[below]!, sorted[Math.min(below + 1, sorted.length - 1)]!];
  return low + (at - below) * (high - low);
}

/** Between which 95 % of the values are. @param sorted ascending, at least one */
export function middleInterval(sorted: readonly number[]): Interval {
  return { low: quantile(sorted, ALPHA / 2), high: quantile(sorted, 1 - ALPHA / 2) };
}

/** Third quartile minus first. @param values at least one, finite */
export function interquartileRange(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return quantile(sorted, 0.75) - quantile(sorted, 0.25);
}

/** Mean of the middle half: a quarter of the values, rounded down, is left out on either side (Agarwal et al. 2021). */
export function interquartileMean(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const out = Math.floor(sorted.length / 4);
  return mean(sorted.slice(out, sorted.length - out));
}
