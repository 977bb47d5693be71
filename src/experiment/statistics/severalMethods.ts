/** Tests of several samples at once: does any of them differ from the others? */
import { mean, sum } from 'simple-statistics';
import { chiSquareTail, fTail } from './distributions.ts';
import { midranks, tieTerm } from './ranks.ts';

export interface KruskalWallis {
  readonly h: number;
  readonly p: number;
  /** H/(N − 1): 0…1. */
  readonly epsilonSquared: number;
}

/**
 * Kruskal and Wallis's test by ranks, pairs ignored (1952): H = 12/(N(N + 1))·Σ R²ᵢ/nᵢ − 3(N + 1) over the rank sums Rᵢ, over
 * 1 − Σ(t³ − t)/(N³ − N), against χ² with k − 1 degrees of freedom.
 * @param samples at least two, none empty
 * @returns `null` if all values are alike
 */
export function kruskalWallis(samples: readonly (readonly number[])[]): KruskalWallis | null {
  const all = samples.flat();
  const n = all.length;
  const correction = 1 - tieTerm(all) / (n ** 3 - n);
  if (correction === 0) return null;
  const ranks = midranks(all);
  let [at, squares] = [0, 0];
  for (const { length } of samples) {
    squares += sum(ranks.slice(at, at + length)) ** 2 / length;
    at += length;
  }
  const h = Math.max(0, ((12 / (n * (n + 1))) * squares - 3 * (n + 1)) / correction);
  return { h, p: chiSquareTail(h, samples.length - 1), epsilonSquared: h / (n - 1) };
}

export interface Friedman {
  readonly chiSquare: number;
  readonly p: number;
  /** χ²/(n(k − 1)): 1 where all rows rank the columns alike, 0 where they contradict each other. */
  readonly kendallsW: number;
}

/**
 * Friedman's test by ranks within rows (1937): 12/(nk(k + 1))·Σ R²ⱼ − 3n(k + 1) over the rank sums Rⱼ of the columns, over
 * 1 − Σ(t³ − t)/(n(k³ − k)) with ties within rows, against χ² with k − 1 degrees of freedom.
 * @param rows n ≥ 1, each of the same k ≥ 2 values
 * @returns `null` if the values of every row are alike
 */
export function friedman(rows: readonly (readonly number[])[]): Friedman | null {
  const [n, k] = [rows.length, rows[0]!.length];
  const correction = 1 - sum(rows.map(tieTerm)) / (n * (k ** 3 - k));
  if (correction === 0) return null;
  const ranks = rows.map(midranks);
  const squares = sum(rows[0]!.map((_, column) => sum(ranks.map((row) => row[column]!)) ** 2));
  const statistic = ((12 / (n * k * (k + 1))) * squares - 3 * n * (k + 1)) / correction;
  const chiSquare = Math.max(0, statistic);
  return { chiSquare, p: chiSquareTail(chiSquare, k - 1), kendallsW: chiSquare / (n * (k - 1)) };
}

export interface Anova {
  readonly f: number;
  readonly p: number;
  /** (B − (k − 1)·w)/(B + W + w), with w = W/(N − k): the share of the variance between samples, without bias, at least 0. */
  readonly omegaSquared: number;
}

/**
 * One-way analysis of variance, pairs ignored (Fisher 1925): F = (B/(k − 1))/(W/(N − k)) with the sums of squares B between means
 * and W around them.
 * @param samples at least two, none empty
 * @returns `null` if the values of every sample are alike
 */
export function oneWayAnova(samples: readonly (readonly number[])[]): Anova | null {
  const all = samples.flat();
  const grand = mean(all);
  let [between, within] = [0, 0];
  for (const sample of samples) {
    const center = mean([...sample]);
    between += sample.length * (center - grand) ** 2;
    for (const value of sample) within += (value - center) ** 2;
  }
  const [df1, df2] = [samples.length - 1, all.length - samples.length];
  if (df2 <= 0 || within <= 1e-24 * all.length * grand ** 2) return null;
  const square = within / df2;
  const f = between / df1 / square;
  const omegaSquared = Math.max(0, (between - df1 * square) / (between + within + square));
  return { f, p: fTail(f, df1, df2), omegaSquared };
}
