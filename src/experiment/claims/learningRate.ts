/** The same search of a learning rate for every method: none wins or loses by one that was chosen for another. */
import { mean } from 'simple-statistics';

/** Seeds of the search are never those of a comparison. */
export const searchSeeds = [100, 101, 102];

/** Where the best factor is the smallest or largest, the next one beyond is tried too, at most this often. */
const EXTENSIONS = 2;

/** Of the own learning rate times ⅓, 1 and 3, or further out, the one with the highest score. */
export async function bestNear(
  own: number,
  score: (rate: number) => number | Promise<number>,
): Promise<number> {
  const rateOf = (power: number) => Number((own * 3 ** power).toPrecision(2));
  const scores = new Map<number, number>();
  const scored = async (power: number) => scores.set(power, await score(rateOf(power)));
  for (const power of [-1, 0, 1]) await scored(power);
  for (let extension = 0; extension < EXTENSIONS; extension++) {
    const best = bestOf(scores);
    if (!scores.has(best - 1)) await scored(best - 1);
    else if (!scores.has(best + 1)) await scored(best + 1);
    else break;
  }
  return rateOf(bestOf(scores));
}

function bestOf(scores: ReadonlyMap<number, number>): number {
  return [...scores].reduce((best, next) => (next[1] > best[1] ? next : best))[0];
}

/** Higher is better; a rate at which a run failed loses to every other. */
export function scoreOf(metrics: readonly number[], better: 'higher' | 'lower'): number {
  const sign = better === 'higher' ? 1 : -1;
  return metrics.every(Number.isFinite) ? sign * mean([...metrics]) : Number.NEGATIVE_INFINITY;
}
