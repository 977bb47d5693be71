import { createHash } from 'node:crypto';
import { xoroshiro128plusFromState } from 'pure-rand/generator/xoroshiro128plus';
import type { RandomGenerator } from 'pure-rand/types/RandomGenerator';

/**
 * An independent generator for each purpose and key, e.g. `keyedRandom('epoch', seed, epoch)`. Hashing the key makes neighbouring
 * seeds and epochs independent, and the numbers of any step reachable without replaying those before.
 */
export function keyedRandom(purpose: string, ...key: readonly number[]): RandomGenerator {
  const digest = createHash('sha256')
    .update([purpose, ...key].join(' '))
    .digest();
  return xoroshiro128plusFromState([0, 4, 8, 12].map((offset) => digest.readInt32LE(offset)));
}
