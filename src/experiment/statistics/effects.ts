/** Sizes of effects, in which no number of seeds appears. */
import { midranks } from './ranks.ts';
import { hasSpread, summarise } from './summary.ts';

/** Mean of the paired differences over their standard deviation (Cohen 1988, d_z); `null` without spread. */
export function pairedEffect(differences: readonly number[]): number | null {
  const summary = summarise(differences);
  return hasSpread(summary) ? summary.mean / summary.std : null;
}

/**
 * Matched-pairs rank-biserial correlation (Kerby 2014): the ranks of |difference| that speak for the first, less those that speak
 * for the second, over all; −1…1. Zero differences have no rank; `null` if all are zero.
 */
export function rankBiserial(differences: readonly number[]): number | null {
  const nonZero = differences.filter((value) => value !== 0);
  if (nonZero.length === 0) return null;
  const ranks = midranks(nonZero.map(Math.abs));
  const signed = nonZero.map((value, i) => Math.sign(value) * ranks[i]!);
  const total = (nonZero.length * (nonZero.length + 1)) / 2;
  return signed.reduce((sum, rank) => sum + rank, 0) / total;
}

/** P(a run of the first is better than one of the second), ties counted half (Agarwal et al. 2021). @param better of the metric's values */
export function probabilityOfImprovement(
  one: readonly number[],
  other: readonly number[],
  better: 'higher' | 'lower',
): number {
  const sign = better === 'higher' ? 1 : -1;
  let wins = 0;
  for (const a of one) for (const b of other) wins += (1 + Math.sign(sign * (a - b))) / 2;
  return wins / (one.length * other.length);
}

/**
 * Difference of two means over the pooled standard deviation, pairs ignored, with the correction for small samples
 * 1 − 3/(4(n + m) − 9) (Hedges 1981); `null` without spread or for fewer than two values of either.
 */
export function hedgesG(one: readonly number[], other: readonly number[]): number | null {
  const [a, b] = [summarise(one), summarise(other)];
  if (a.std === null || b.std === null) return null;
  const df = a.n + b.n - 2;
  const pooled = Math.sqrt(((a.n - 1) * a.std ** 2 + (b.n - 1) * b.std ** 2) / df);
  if (pooled <= 1e-12 * Math.max(Math.abs(a.mean), Math.abs(b.mean)) || pooled === 0) return null;
  return ((a.mean - b.mean) / pooled) * (1 - 3 / (4 * df - 1));
}
