import { uniformInt } from 'pure-rand/distribution/uniformInt';
import { seededRandom } from '../../engine/seededRandom.ts';

/**
 * A different seed for each layer in turn: layers of one shape sharing a seed would start out identical.
 * Never 0, which tfjs takes for "no seed".
 */
export function layerSeeds(seed: number): () => number {
  const random = seededRandom('initial weights', seed);
  return () => uniformInt(random, 1, 0x7fffffff);
}
