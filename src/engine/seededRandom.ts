import { uniformFloat64 } from 'pure-rand/distribution/uniformFloat64';
import { uniformInt } from 'pure-rand/distribution/uniformInt';
import { xoroshiro128plusFromState } from 'pure-rand/generator/xoroshiro128plus';
import type { RandomGenerator } from 'pure-rand/types/RandomGenerator';

/** The random numbers of one aggregation. */
export interface StepRandom {
  /** Uniform in [0, 1). */
  uniform(): number;
  /** A permutation of 0…n−1, all equally likely. */
  permutation(n: number): number[];
}

/** Seeds a generator by mixing words, many times faster than a hash, since it runs every step. Neighbouring seeds are independent. */
export function stepRandom(seed: number): StepRandom {
  const generator = xoroshiro128plusFromState(
    [1, 2, 3, 4].map((word) => mixed(mixed(seed) + Math.imul(word, 0x9e3779b9))),
  );
  return {
    uniform: () => uniformFloat64(generator),
    permutation: (n) =>
      shuffle(
        Array.from({ length: n }, (_, i) => i),
        generator,
      ),
  };
}

/** Fisher–Yates, in place. */
export function shuffle<T extends Int32Array | number[]>(values: T, random: RandomGenerator): T {
  for (let i = values.length - 1; i > 0; i--) {
    const j = uniformInt(random, 0, i);
    const value = values[i]!;
    values[i] = values[j]!;
    values[j] = value;
  }
  return values;
}

/** MurmurHash3's finalizer: every bit of the argument changes each bit of the result half of the time. */
function mixed(word: number): number {
  let h = word | 0;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return h ^ (h >>> 16);
}
