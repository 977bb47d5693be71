/** t tests of two samples, pairs ignored. */
import { tTestTwoSample } from 'simple-statistics';
import { tTails } from './distributions.ts';
import { hasSpread, summarise } from './summary.ts';

export interface UnpairedT {
  readonly t: number;
  /** Degrees of freedom. */
  readonly df: number;
  /** Two-sided. */
  readonly p: number;
}

/**
 * Student's test (1908), for equal variances: the difference of the means over its standard error from the pooled variance, with
 * n + m − 2 degrees of freedom.
 * @returns `null` for fewer than two values of either, or if neither sample has a spread
 */
export function studentT(one: readonly number[], other: readonly number[]): UnpairedT | null {
  if (variancesOf(one, other) === null) return null;
  const t = tTestTwoSample([...one], [...other])!;
  const df = one.length + other.length - 2;
  return { t, df, p: tTails(t, df) };
}

/**
 * Welch's test (1947), for any variances: (x̄ − ȳ)/√(u + v) with u = s²ₓ/n and v = s²ᵧ/m, and (u + v)²/(u²/(n − 1) + v²/(m − 1))
 * degrees of freedom.
 * @returns `null` as {@link studentT}
 */
export function welchT(one: readonly number[], other: readonly number[]): UnpairedT | null {
  const variances = variancesOf(one, other);
  if (variances === null) return null;
  const [n, m] = [one.length, other.length];
  const [u, v] = [variances[0] / n, variances[1] / m];
  const t = (summarise(one).mean - summarise(other).mean) / Math.sqrt(u + v);
  const df = (u + v) ** 2 / (u ** 2 / (n - 1) + v ** 2 / (m - 1));
  return { t, df, p: tTails(t, df) };
}

/** `null` if neither has a spread. */
function variancesOf(one: readonly number[], other: readonly number[]): [number, number] | null {
  const all = [summarise(one), summarise(other)];
  if (all.some(({ std }) => std === null)) return null;
  const [a, b] = all.map((of) => (hasSpread(of) ? of.std ** 2 : 0));
  return a === 0 && b === 0 ? null : [a!, b!];
}
