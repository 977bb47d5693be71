/**
 * Bootstrap intervals, bias-corrected and accelerated: BCa (Efron 1987; Efron & Tibshirani 1993, chapter 14). Their coverage over
 * few seeds is below the nominal one: docs/statistics.md has it measured.
 */
import { uniformInt } from 'pure-rand/distribution/uniformInt';
import type { RandomGenerator } from 'pure-rand/types/RandomGenerator';
import { keyedRandom } from '../../engine/keyedRandom.ts';
import { normalCdf, normalQuantile } from './distributions.ts';
import { ALPHA, type Interval } from './interval.ts';
import { middleInterval, quantile } from './summary.ts';

const RESAMPLES = 5000;

type Statistic = (sample: readonly number[]) => number;

/**
 * A 95 % interval of a statistic of independent values. The same values always give the same interval.
 * @param values finite
 * @returns `null` if the values determine none: fewer than two, or all resamples alike
 */
export function bootstrapInterval(
  values: readonly number[],
  statistic: Statistic,
  resamples = RESAMPLES,
): Interval | null {
  if (values.length < 2) return null;
  return bcaInterval(values, statistic, distributionOf(values, statistic, resamples));
}

/**
 * As {@link bootstrapInterval}, but of the percentiles alone: for a statistic of quantiles, whose jackknife says nothing of its skewness.
 * @param values at least two
 */
export function percentileInterval(
  values: readonly number[],
  statistic: Statistic,
  resamples = RESAMPLES,
): Interval | null {
  const sorted = distributionOf(values, statistic, resamples);
  if (sorted[0] === sorted.at(-1)) return null;
  return middleInterval(sorted);
}

/** The statistic of samples with replacement, ascending. */
export function distributionOf(
  values: readonly number[],
  statistic: Statistic,
  resamples = RESAMPLES,
): number[] {
  const random = keyedRandom('bootstrap', values.length);
  const sample = [...values];
  return Array.from({ length: resamples }, () => {
    for (let i = 0; i < sample.length; i++) sample[i] = drawn(values, random);
    return statistic(sample);
  }).sort((a, b) => a - b);
}

function drawn<T>(from: readonly T[], random: RandomGenerator): T {
  return from[uniformInt(random, 0, from.length - 1)]!;
}

/** @param sorted the statistic of bootstrap samples, ascending */
export function bcaInterval(
  values: readonly number[],
  statistic: Statistic,
  sorted: readonly number[],
): Interval | null {
  const estimate = statistic(values);
  if (sorted[0] === sorted.at(-1)) return null;
  // Order of summation apart, the same sample again has the same statistic.
  const rounding = 1e-12 * Math.abs(estimate);
  const below = sorted.filter((value) => value < estimate - rounding).length;
  const equal = sorted.filter((value) => Math.abs(value - estimate) <= rounding).length;
  const bias = normalQuantile((below + equal / 2) / sorted.length);
  const acceleration = accelerationOf(values, statistic);
  const adjusted = (share: number) => {
    const z = bias + normalQuantile(share);
    return quantile(sorted, normalCdf(bias + z / (1 - acceleration * z)));
  };
  const [low, high] = [adjusted(ALPHA / 2), adjusted(1 - ALPHA / 2)];
  // With all resamples on one side of the estimate there is no bias to correct for.
  return Number.isFinite(bias) && low <= high ? { low, high } : null;
}

/** Skewness of the jackknife values, over 6. */
function accelerationOf(values: readonly number[], statistic: Statistic): number {
  const without = values.map((_, i) => statistic(values.toSpliced(i, 1)));
  const center = without.reduce((sum, value) => sum + value, 0) / without.length;
  let [squares, cubes] = [0, 0];
  for (const value of without) {
    squares += (center - value) ** 2;
    cubes += (center - value) ** 3;
  }
  return squares === 0 ? 0 : cubes / (6 * squares ** 1.5);
}
