import { seededRandom, shuffle } from '../engine/seededRandom.ts';
import type { BatchOrder } from './batchOrder.ts';

/** Batches whose examples are sorted by length together: more would leave less chance, fewer more padding. */
const BATCHES_PER_BLOCK = 32;

/**
 * Batches of examples of similar length.
 *
 * Every epoch is decided by (seed, epoch) alone: a fresh permutation of all examples is cut into blocks of 32 batches, each block
 * is sorted by length and cut into batches, and the batches of all blocks are shuffled, as are the examples of each, so that slices
 * of a batch are not sorted. So every batch is full, every example comes at most once in an epoch — those that do not fill a batch
 * sit it out, others each time — and a resumed run needs nothing but the step.
 */
export class SimilarLength implements BatchOrder {
  readonly #lengths: Int32Array;
  readonly #batchSize: number;
  readonly #seed: number;
  #epoch = -1;
  /** Examples of the epoch, batch by batch. */
  #batches: Int32Array = new Int32Array(0);

  /** @param lengths of all examples, at least `batchSize` of them */
  constructor(lengths: Int32Array, batchSize: number, seed: number) {
    this.#lengths = lengths;
    this.#batchSize = batchSize;
    this.#seed = seed;
  }

  batch(step: number): Int32Array {
    const perEpoch = Math.floor(this.#lengths.length / this.#batchSize);
    const epoch = Math.floor((step - 1) / perEpoch);
    if (epoch !== this.#epoch) {
      this.#batches = this.#batchesOf(epoch, perEpoch);
      this.#epoch = epoch;
    }
    const start = ((step - 1) % perEpoch) * this.#batchSize;
    return this.#batches.slice(start, start + this.#batchSize);
  }

  #batchesOf(epoch: number, count: number): Int32Array {
    const size = this.#batchSize;
    const random = seededRandom('lengths', this.#seed, epoch);
    const examples = shuffle(Int32Array.from(this.#lengths.keys()), random);
    const sorted = examples.subarray(0, count * size);
    for (let start = 0; start < sorted.length; start += BATCHES_PER_BLOCK * size) {
      const block = sorted.subarray(start, start + BATCHES_PER_BLOCK * size);
      block.sort((a, b) => this.#lengths[a]! - this.#lengths[b]!);
    }
    const order = shuffle(
      Int32Array.from({ length: count }, (_, i) => i),
      random,
    );
    const batches = new Int32Array(count * size);
    order.forEach((from, to) => {
      const batch = sorted.subarray(from * size, (from + 1) * size);
      batches.set(shuffle(batch, random), to * size);
    });
    return batches;
  }
}
