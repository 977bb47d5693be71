/** How far the spreads of two methods are apart. */
import { median } from 'simple-statistics';
import { ALPHA, type Interval } from './interval.ts';
import { jackknifeInterval } from './jackknife.ts';
import type { Pair } from './pairs.ts';
import { signFlippedSums } from './permutation.ts';
import { oneWayAnova } from './severalMethods.ts';
import { summarise } from './summary.ts';

/** |x − median| of each value. */
function deviations(values: readonly number[]): number[] {
  const center = median([...values]);
  return values.map((value) => Math.abs(value - center));
}

/**
 * p of Brown & Forsythe's test (1974) that several samples have the same spread: an analysis of variance of |x − median|. Pairs
 * are ignored, which makes it conservative where seeds correlate; so is it for fewer than ten values a sample.
 * @param samples at least two, each of at least two finite values
 * @returns `null` if no value differs from its sample's median by another amount than the others do
 */
export function brownForsythe(samples: readonly (readonly number[])[]): number | null {
  return oneWayAnova(samples.map(deviations))?.p ?? null;
}

/**
 * By how much |x − median| is larger for the first of each pair: what a paired test of spread takes. Exchanging the deviations of a
 * seed flips a sign, so that `signFlipP` is the paired permutation test on |x − median|.
 */
export function deviationDifferences(pairs: readonly Pair[]): number[] {
  const one = deviations(pairs.map(([value]) => value));
  const other = deviations(pairs.map(([, value]) => value));
  return one.map((value, i) => value - other[i]!);
}

export interface Ratio {
  /** s₁ / s₂. */
  readonly ratio: number;
  /** 95 %. `null` for fewer than six pairs, or where too many values are alike. */
  readonly interval: Interval | null;
}

/**
 * The ratio of two standard deviations, with the interval of all ratios that the paired permutation test on |x − median| does not
 * refute.
 * @returns `null` if one of them has no spread
 */
export function ratioOfSpreads(pairs: readonly Pair[], alpha = ALPHA): Ratio | null {
  if (pairs.length < 2) return null;
  const [one, other] = [pairs.map(([value]) => value), pairs.map(([, value]) => value)];
  const ratio = spreadOf(one) / spreadOf(other);
  if (!(ratio > 0 && Number.isFinite(ratio))) return null;
  const inverted = invertedTest(deviations(one), deviations(other), alpha);
  return {
    ratio,
    // The test is about |x − median|: where these and standard deviations are far apart, the interval is widened.
    interval: inverted && {
      low: Math.min(inverted.low, ratio),
      high: Math.max(inverted.high, ratio),
    },
  };
}

/**
 * Every ratio ρ at which `signFlipP` of aᵢ − ρbᵢ is at least α, for a, b ≥ 0. With sums A, B of all and Aₛ, Bₛ under signs s,
 * |Aₛ − ρBₛ| ≥ |A − ρB| exactly for ρ between (A − Aₛ)/(B − Bₛ) and (A + Aₛ)/(B + Bₛ). A/B is between the two for every s, so p
 * falls on either side of it, and each bound is an order statistic of these ends.
 * @returns `null` if p is not below α at 0 and at ∞: for fewer pairs than can reach it, or with many deviations of 0
 */
function invertedTest(a: readonly number[], b: readonly number[], alpha: number): Interval | null {
  const [sumsA, sumsB] = [signFlippedSums(a), signFlippedSums(b)];
  const [allA, allB] = [sumsA[0]!, sumsB[0]!];
  const lows = new Float64Array(sumsA.length);
  const highs = new Float64Array(sumsA.length);
  for (const [s, sumA] of sumsA.entries()) {
    const [one, other] = [
      quotient(allA - sumA, allB - sumsB[s]!, allA, allB),
      quotient(allA + sumA, allB + sumsB[s]!, allA, allB),
    ];
    // A sign that changes nothing is extreme at every ratio.
    lows[s] = Math.min(one ?? 0, other ?? 0);
    highs[s] = Math.max(one ?? Number.POSITIVE_INFINITY, other ?? Number.POSITIVE_INFINITY);
  }
  const needed = Math.ceil(alpha * lows.length - 1e-9);
  const low = lows.sort()[needed - 1]! * (1 - ROUNDING);
  const high = highs.sort()[highs.length - needed]! * (1 + ROUNDING);
  return low > 0 && Number.isFinite(high) ? { low, high } : null;
}

/** Two sums that should be equal differ by rounding. */
const ROUNDING = 1e-10;

/** Of two sums, each 0 where it is only the rounding of its whole; `null` for 0/0. */
function quotient(a: number, b: number, wholeA: number, wholeB: number): number | null {
  const [top, bottom] = [a > ROUNDING * wholeA ? a : 0, b > ROUNDING * wholeB ? b : 0];
  return top === 0 && bottom === 0 ? null : top / bottom;
}

/** 95 % interval of a standard deviation, by the jackknife; `null` for fewer than three values, or where there is no spread. */
export function spreadInterval(values: readonly number[]): Interval | null {
  return jackknifeInterval(values, (some) => {
    const spread = some.length < 2 ? 0 : spreadOf(some);
    return spread > 0 ? Math.log(spread) : null;
  });
}

/** Sample standard deviation, 0 where it is only rounding. */
function spreadOf(values: readonly number[]): number {
  const { std, min, max } = summarise(values);
  return std! > 1e-12 * Math.max(Math.abs(min), Math.abs(max)) ? std! : 0;
}
