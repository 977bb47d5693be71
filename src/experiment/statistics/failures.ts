/** Rates of failed runs. */
import { hypergeometric, normalQuantile } from './distributions.ts';
import { ALPHA, type Interval } from './interval.ts';

/** `count` of `n`. */
export interface Rate {
  readonly count: number;
  readonly n: number;
}

/** Wilson's score interval of a rate (1927). @param rate n ≥ 1 */
export function wilsonInterval({ count, n }: Rate): Interval {
  const z = normalQuantile(1 - ALPHA / 2);
  const center = (count + z ** 2 / 2) / (n + z ** 2);
  const margin = (z / (n + z ** 2)) * Math.sqrt((count * (n - count)) / n + z ** 2 / 4);
  return {
    low: count === 0 ? 0 : Math.max(0, center - margin),
    high: count === n ? 1 : Math.min(1, center + margin),
  };
}

/** Two-sided p of Fisher's exact test (1922) that two rates are equal: all tables at most as likely as the observed one. */
export function fisherP(one: Rate, other: Rate): number {
  const urn = { white: one.n, black: other.n, draws: one.count + other.count };
  const observed = hypergeometric(one.count, urn);
  let p = 0;
  for (let count = 0; count <= Math.min(one.n, urn.draws); count++) {
    const likelihood = hypergeometric(count, urn);
    if (likelihood <= observed * (1 + 1e-7)) p += likelihood;
  }
  return Math.min(1, p);
}
