/** Two methods over other seeds and other validation examples together: the multi-bootstrap (Sellam et al. 2022, arXiv:2106.16163). */
import { uniformInt } from 'pure-rand/distribution/uniformInt';
import { keyedRandom } from '../../engine/keyedRandom.ts';
import type { Interval } from './interval.ts';
import { middleInterval } from './summary.ts';

const RESAMPLES = 1000;
const LEAST_RESAMPLES = 200;
/** Examples looked at in all resamples together: some seconds. */
const MOST_WORK = 2e8;

export interface MultiBootstrap {
  readonly interval: Interval;
  /** Two-sided: twice the smaller share of the resamples on either side of 0, with one added to each. */
  readonly p: number;
}

/**
 * Each resample draws seeds and examples, both with replacement and the same for both methods, and takes the mean over its seeds of
 * the difference between the methods on its examples. The interval is that of the percentiles.
 * @param seeds at least two
 * @param difference of the metric for a seed, on examples given by their indices; NaN for samples that have none
 * @returns `null` if it is not a number for a tenth of the resamples or more
 */
export function multiBootstrap(
  seeds: number,
  examples: number,
  difference: (seed: number, indices: Int32Array) => number,
): MultiBootstrap | null {
  const random = keyedRandom('multi-bootstrap', seeds, examples);
  const wanted = Math.floor(MOST_WORK / (seeds * examples));
  const resamples = Math.max(LEAST_RESAMPLES, Math.min(RESAMPLES, wanted));
  const indices = new Int32Array(examples);
  const values: number[] = [];
  for (let round = 0; round < resamples; round++) {
    const times = new Int32Array(seeds);
    for (let i = 0; i < seeds; i++) times[uniformInt(random, 0, seeds - 1)]!++;
    for (let i = 0; i < examples; i++) indices[i] = uniformInt(random, 0, examples - 1);
    let sum = 0;
    for (const [seed, count] of times.entries()) {
      if (count > 0) sum += count * difference(seed, indices);
    }
    if (Number.isFinite(sum)) values.push(sum / seeds);
  }
  if (values.length <= 0.9 * resamples) return null;
  const sorted = values.sort((a, b) => a - b);
  const below = sorted.filter((value) => value <= 0).length;
  const above = sorted.filter((value) => value >= 0).length;
  return {
    interval: middleInterval(sorted),
    p: Math.min(1, (2 * (Math.min(below, above) + 1)) / (sorted.length + 1)),
  };
}
