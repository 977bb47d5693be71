/** How far the spreads of two methods are apart. */
import { mean, median } from 'simple-statistics';
import { fTail } from './distributions.ts';
import { ALPHA, type Interval } from './interval.ts';
import { jackknifeInterval } from './jackknife.ts';
import type { Pair } from './pairs.ts';
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
  const groups = samples.map(deviations);
  const all = groups.flat();
  const grand = mean(all);
  let [between, within] = [0, 0];
  for (const group of groups) {
    const center = mean(group);
    between += group.length * (center - grand) ** 2;
    for (const value of group) within += (value - center) ** 2;
  }
  const [df1, df2] = [groups.length - 1, all.length - groups.length];
  if (df2 <= 0 || within <= 1e-24 * all.length * grand ** 2) return null;
  return fTail(between / df1 / (within / df2), df1, df2);
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
  /** 95 %. `null` for fewer than three pairs, or if leaving one out leaves no spread. */
  readonly interval: Interval | null;
}

/**
 * The ratio of two standard deviations, with the interval of the jackknife that leaves out one pair at a time. Unlike the F interval
 * it heeds the pairs, and needs no normal distribution.
 * @returns `null` if one of them has no spread
 */
export function ratioOfSpreads(pairs: readonly Pair[], alpha = ALPHA): Ratio | null {
  const log = logRatio(pairs);
  if (log === null) return null;
  return { ratio: Math.exp(log), interval: jackknifeInterval(pairs, logRatio, alpha) };
}

/** 95 % interval of a standard deviation, by the jackknife; `null` for fewer than three values, or where there is no spread. */
export function spreadInterval(values: readonly number[]): Interval | null {
  return jackknifeInterval(values, (some) => {
    const spread = some.length < 2 ? 0 : spreadOf(some);
    return spread > 0 ? Math.log(spread) : null;
  });
}

function logRatio(pairs: readonly Pair[]): number | null {
  if (pairs.length < 2) return null;
  const [one, other] = [
    spreadOf(pairs.map(([value]) => value)),
    spreadOf(pairs.map(([, value]) => value)),
  ];
  return one > 0 && other > 0 ? Math.log(one / other) : null;
}

/** Sample standard deviation, 0 where it is only rounding. */
function spreadOf(values: readonly number[]): number {
  const { std, min, max } = summarise(values);
  return std! > 1e-12 * Math.max(Math.abs(min), Math.abs(max)) ? std! : 0;
}
