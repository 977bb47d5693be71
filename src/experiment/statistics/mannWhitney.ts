/** Mann and Whitney's test of two samples, pairs ignored. */
import { normalCdf } from './distributions.ts';
import { midranks, tieTerm } from './ranks.ts';

/** Exact without ties, if the smaller sample has at most so many values; scipy's rule too. */
const EXACT_UP_TO = 8;

export interface MannWhitney {
  /** Of all pairs of a value of each, how many the first one wins; ties count half. */
  readonly u: number;
  readonly p: number;
}

/**
 * Two-sided p of the hypothesis that two samples have the same distribution (Mann & Whitney 1947). Exact for a small sample without
 * ties; otherwise that of a normal distribution with variance nm/12·(N + 1 − Σ(t³ − t)/(N(N − 1))), N = n + m, and a correction of
 * ½ for continuity.
 * @param one at least one finite value, as `other`
 */
export function mannWhitney(one: readonly number[], other: readonly number[]): MannWhitney {
  const [n, m] = [one.length, other.length];
  const all = [...one, ...other];
  const rankSum = midranks(all)
    .slice(0, n)
    .reduce((sum, rank) => sum + rank, 0);
  const u = rankSum - (n * (n + 1)) / 2;
  const larger = Math.max(u, n * m - u);
  const ties = tieTerm(all);
  if (ties === 0 && Math.min(n, m) <= EXACT_UP_TO) {
    return { u, p: Math.min(1, 2 * exactTail(larger, n, m)) };
  }
  const variance = ((n * m) / 12) * (n + m + 1 - ties / ((n + m) * (n + m - 1)));
  // Where all values are alike, nothing speaks for a difference.
  const z = variance > 0 ? (larger - (n * m) / 2 - 1 / 2) / Math.sqrt(variance) : -1;
  return { u, p: Math.min(1, 2 * normalCdf(-z)) };
}

/** P(U ≥ u): the coefficient of qᵘ in Π (1 − qᵐ⁺ⁱ)/(1 − qⁱ), i = 1…n, counts the orders of the values with that U. */
function exactTail(u: number, n: number, m: number): number {
  const counts = new Float64Array(n * m + 1);
  counts[0] = 1;
  const [small, large] = [Math.min(n, m), Math.max(n, m)];
  for (let i = 1; i <= small; i++) {
    for (let at = n * m; at >= large + i; at--) counts[at]! -= counts[at - large - i]!;
    for (let at = i; at <= n * m; at++) counts[at]! += counts[at - i]!;
  }
  const sum = (some: Float64Array) => some.reduce((total, count) => total + count, 0);
  return sum(counts.subarray(u)) / sum(counts);
}
