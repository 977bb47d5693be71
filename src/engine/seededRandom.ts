import { createHash } from 'node:crypto';
import { uniformInt } from 'pure-rand/distribution/uniformInt';
import { xoroshiro128plusFromState } from 'pure-rand/generator/xoroshiro128plus';
import type { RandomGenerator } from 'pure-rand/types/RandomGenerator';

/**
 * A generator of its own for each purpose and seed, e.g. `randomFor('epoch', seed, epoch)`. Hashing the key makes neighbouring
 * seeds and epochs independent, and any step's draws reachable without replaying the ones before.
 */
export function seededRandom(purpose: string, ...key: readonly number[]): RandomGenerator {
  const digest = createHash('sha256')
    .update([purpose, ...key].join(' '))
    .digest();
  return xoroshiro128plusFromState([0, 4, 8, 12].map((offset) => digest.readInt32LE(offset)));
}

/** Fisher–Yates, in place. */
export function shuffle(values: Int32Array, random: RandomGenerator): Int32Array {
  for (let i = values.length - 1; i > 0; i--) {
    const j = uniformInt(random, 0, i);
    const value = values[i]!;
    values[i] = values[j]!;
    values[j] = value;
  }
  return values;
}
