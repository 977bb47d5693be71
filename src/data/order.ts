import { seededRandom, shuffle } from '../engine/seededRandom.ts';
import type { BatchOrder } from './batchOrder.ts';

/**
 * Which examples a step trains on.
 *
 * Every epoch is a fresh permutation of all examples, decided by (seed, epoch) alone; the epochs are laid end to end and step s
 * takes positions (s−1)·B … s·B−1. So every batch is full, no example is dropped at the end of an epoch — a batch there takes
 * the tail of one permutation and the head of the next — and a resumed run needs nothing but the step.
 */
export class Order implements BatchOrder {
  readonly #examples: number;
  readonly #batchSize: number;
  readonly #seed: number;
  #epoch = -1;
  #permutation: Int32Array = new Int32Array(0);

  constructor(examples: number, batchSize: number, seed: number) {
    this.#examples = examples;
    this.#batchSize = batchSize;
    this.#seed = seed;
  }

  batch(step: number): Int32Array {
    const indices = new Int32Array(this.#batchSize);
    let position = (step - 1) * this.#batchSize;
    let filled = 0;
    while (filled < indices.length) {
      const start = position % this.#examples;
      const rest = this.#permutationOf(Math.floor(position / this.#examples)).subarray(start);
      const slice = rest.subarray(0, indices.length - filled);
      indices.set(slice, filled);
      filled += slice.length;
      position += slice.length;
    }
    return indices;
  }

  #permutationOf(epoch: number): Int32Array {
    if (epoch !== this.#epoch) {
      const identity = Int32Array.from({ length: this.#examples }, (_, i) => i);
      this.#permutation = shuffle(identity, seededRandom('epoch', this.#seed, epoch));
      this.#epoch = epoch;
    }
    return this.#permutation;
  }
}
