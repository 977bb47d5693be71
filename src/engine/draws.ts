import { uniformFloat64 } from 'pure-rand/distribution/uniformFloat64';
import { uniformInt } from 'pure-rand/distribution/uniformInt';
import { xoroshiro128plusFromState } from 'pure-rand/generator/xoroshiro128plus';

/** Lots that a seed decides. */
export interface Draws {
  /** Uniform in [0, 1). */
  uniform(): number;
  /** 0…n−1 in an order of which all are equally likely. */
  order(n: number): number[];
}

/** Neighbouring seeds give unrelated lots. */
export function drawsFrom(seed: number): Draws {
  const generator = xoroshiro128plusFromState(
    [1, 2, 3, 4].map((word) => mixed(mixed(seed) + Math.imul(word, 0x9e3779b9))),
  );
  return {
    uniform: () => uniformFloat64(generator),
    order(n) {
      const order = Array.from({ length: n }, (_, i) => i);
      for (let i = n - 1; i > 0; i--) {
        const j = uniformInt(generator, 0, i);
        [order[i], order[j]] = [order[j]!, order[i]!];
      }
      return order;
    },
  };
}

/** MurmurHash3's finalizer: every bit of the argument changes each bit of the result half of the time. */
function mixed(word: number): number {
  let h = word | 0;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return h ^ (h >>> 16);
}
