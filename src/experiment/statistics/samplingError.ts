/** How far a metric would move over other validation examples: what no number of seeds narrows. */
import { uniformInt } from 'pure-rand/distribution/uniformInt';
import { sampleStandardDeviation } from 'simple-statistics';
import { keyedRandom } from '../../engine/keyedRandom.ts';

const RESAMPLES = 300;

/** Standard error of a share of n examples, from the binomial distribution. @param share 0…1 */
export function binomialError(share: number, examples: number): number {
  return Math.sqrt((share * (1 - share)) / examples);
}

/**
 * Standard error by the bootstrap over examples.
 * @param measure the metric of examples given by their indices; NaN for samples that have none
 * @returns `null` if it is not a number for a tenth of the samples or more
 */
export function bootstrapError(
  examples: number,
  measure: (indices: readonly number[]) => number,
): number | null {
  const random = keyedRandom('validation examples', examples);
  const values = Array.from({ length: RESAMPLES }, () =>
    measure(Array.from({ length: examples }, () => uniformInt(random, 0, examples - 1))),
  ).filter(Number.isFinite);
  return values.length <= 0.9 * RESAMPLES ? null : sampleStandardDeviation(values);
}
