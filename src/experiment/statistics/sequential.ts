/**
 * Tests that are looked at several times while seeds come in: a group-sequential design with the boundary of O'Brien & Fleming (1979),
 * on the scale of p values (Jennison & Turnbull 2000, chapter 2), so that it serves any test.
 *
 * Look k of K is after n₁ < … < n_K seeds. If nothing differs, the z values of the looks are those of a random walk, Z_k = W(n_k)/√n_k;
 * a difference is found at the first look with √(n_k/n_K)·z_k above a bound that the walk exceeds at any of all K looks with
 * probability α.
 */
import { uniformFloat64 } from 'pure-rand/distribution/uniformFloat64';
import { gaussian } from '../../engine/gaussian.ts';
import { keyedRandom } from '../../engine/keyedRandom.ts';
import { normalCdf, normalQuantile } from './distributions.ts';
import { ALPHA, type Interval } from './interval.ts';
import { quantile } from './summary.ts';

const WALKS = 20_000;
/** From one look to the next, the number of seeds grows by half: looking more often costs power and gains little. */
const GROWTH = 1.5;

/** Numbers of seeds at which is looked: the first, half as many more each time, the last. */
export function looksUpTo(first: number, most: number): number[] {
  const looks: number[] = [];
  for (let next = first; next < most; next = Math.round(GROWTH * next)) looks.push(next);
  // A look just before the last tells nothing that the last does not.
  if (looks.length > 1 && looks.at(-1)! > most / 1.2) looks.pop();
  return [...looks, most];
}

/**
 * The p of all looks together: the probability that a walk exceeds, at any of all looks, what was observed at those so far. It is
 * below 0.05 in at most 5 % of the experiments in which nothing differs, whenever one stops.
 * @param ps two-sided, of the looks so far; `null` where the test has none
 * @param looks numbers of seeds at all looks, ascending
 */
export function overallP(ps: readonly (number | null)[], looks: readonly number[]): number | null {
  const last = looks.at(-1)!;
  const scores = ps.flatMap((p, k) =>
    p === null ? [] : [Math.sqrt(looks[k]! / last) * -normalQuantile(Math.max(p, 1e-12) / 2)],
  );
  if (scores.length === 0) return null;
  const observed = Math.max(...scores);
  const maxima = maximaOf(looks);
  // The number of maxima that are at least as large, by bisection.
  let [low, high] = [0, maxima.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (maxima[middle]! >= observed) high = middle;
    else low = middle + 1;
  }
  return (maxima.length - low + 1) / (maxima.length + 1);
}

/** The error rate of a single look, whose p is below it where the walk exceeds its bound. @param look its index */
export function alphaAt(look: number, looks: readonly number[]): number {
  const bound = quantile(maximaOf(looks), 1 - ALPHA);
  const z = bound / Math.sqrt(looks[look]! / looks.at(-1)!);
  return 2 * normalCdf(-z);
}

/**
 * What all looks so far leave of the values, of intervals that each have the error rate of their look: it contains the truth in 95 %
 * of experiments, whenever one stops. If they leave nothing, the last one.
 */
export function commonInterval(intervals: readonly (Interval | null)[]): Interval | null {
  // A ratio's bound may be infinite at an early look of many, which tells nothing.
  const known = intervals.flatMap((interval) =>
    interval && Number.isFinite(interval.high - interval.low) ? [interval] : [],
  );
  if (known.length === 0) return null;
  const low = Math.max(...known.map((interval) => interval.low));
  const high = Math.min(...known.map((interval) => interval.high));
  return low <= high ? { low, high } : known.at(-1)!;
}

const remembered = new Map<string, number[]>();

/** The largest √(n_k/n_K)·|Z_k| of each of many walks, ascending. */
function maximaOf(looks: readonly number[]): number[] {
  const key = looks.join(' ');
  const known = remembered.get(key) ?? walks(looks);
  remembered.set(key, known);
  return known;
}

function walks(looks: readonly number[]): number[] {
  const random = keyedRandom('looks', ...looks);
  const normal = gaussian(() => uniformFloat64(random));
  const steps = looks.map((look, k) => Math.sqrt(look - (looks[k - 1] ?? 0)));
  const last = Math.sqrt(looks.at(-1)!);
  return Array.from({ length: WALKS }, () => {
    let [at, most] = [0, 0];
    for (const step of steps) {
      at += step * normal();
      // √(n_k/n_K)·|W(n_k)|/√n_k.
      most = Math.max(most, Math.abs(at) / last);
    }
    return most;
  }).sort((a, b) => a - b);
}
