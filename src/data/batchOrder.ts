import type { Config } from '../config/schema.ts';
import { keyedRandom } from '../engine/keyedRandom.ts';
import { shuffle } from '../engine/seededRandom.ts';
import type { Examples } from './dataset.ts';

/** Which examples a step trains on, decided by the seed and the step only: a resumed run needs no other state. */
export interface BatchOrder {
  /** @param step 1-based. @returns indices of examples, length batchSize. */
  batch(step: number): Int32Array;
}

/**
 * The batch order that a config asks for.
 * @param examples the training set
 * @param competence share of the texts, shortest first, that a step draws from; null: all
 */
export function buildBatchOrder(
  { batches, batchSize }: Pick<Config, 'batches' | 'batchSize'>,
  { count, lengths }: Examples,
  seed: number,
  competence: ((step: number) => number) | null = null,
): BatchOrder {
  if (competence && lengths) return new CurriculumOrder(lengths, batchSize, seed, competence);
  if (batches === 'random') return new ShuffledOrder(count, batchSize, seed);
  if (!lengths) throw new Error('batches of similar length need examples that are texts');
  return new SimilarLengthOrder(lengths, batchSize, seed);
}

/**
 * Shuffled epochs laid end to end.
 *
 * Every epoch is a fresh permutation of all examples, decided by (seed, epoch) only; step s takes positions (s−1)·B … s·B−1 of
 * the concatenated epochs. So every batch is full and no example is dropped at the end of an epoch: a batch there takes the tail
 * of one permutation and the head of the next.
 */
export class ShuffledOrder implements BatchOrder {
  readonly #examples: number;
  readonly #batchSize: number;
  readonly #seed: number;
  #epoch = -1;
  #permutation: Int32Array = new Int32Array(0);

  /** @param examples number of examples in the training set */
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
      this.#permutation = shuffle(
        integersBelow(this.#examples),
        keyedRandom('epoch', this.#seed, epoch),
      );
      this.#epoch = epoch;
    }
    return this.#permutation;
  }
}

/** Batches that are sorted by length together: more would leave less randomness, fewer more padding. */
const BATCHES_PER_BLOCK = 32;

/**
 * Batches of examples of similar length, to save padding.
 *
 * Every epoch is decided by (seed, epoch) only: a fresh permutation of all examples is cut into blocks of 32 batches, each block
 * is sorted by length and cut into batches, and the batches of all blocks are shuffled, as are the examples of each, so that slices
 * of a batch are not sorted. So every batch is full and every example comes at most once in an epoch; those that do not fill a
 * batch are skipped, different ones in each epoch.
 */
export class SimilarLengthOrder implements BatchOrder {
  readonly #lengths: Int32Array;
  readonly #batchSize: number;
  readonly #seed: number;
  #epoch = -1;
  /** Examples of the epoch, batch by batch. */
  #batches: Int32Array = new Int32Array(0);

  /** @param lengths tokens of each example of the training set, which has at least `batchSize` of them */
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
    const random = keyedRandom('lengths', this.#seed, epoch);
    const examples = shuffle(integersBelow(this.#lengths.length), random);
    const sorted = examples.subarray(0, count * size);
    for (let start = 0; start < sorted.length; start += BATCHES_PER_BLOCK * size) {
      const block = sorted.subarray(start, start + BATCHES_PER_BLOCK * size);
      block.sort((a, b) => this.#lengths[a]! - this.#lengths[b]!);
    }
    const order = shuffle(integersBelow(count), random);
    const batches = new Int32Array(count * size);
    order.forEach((from, to) => {
      const batch = sorted.subarray(from * size, (from + 1) * size);
      batches.set(shuffle(batch, random), to * size);
    });
    return batches;
  }
}

/**
 * Short texts first (Platanios et al. 2019): a batch is drawn from the shortest share of the texts, anew in each step, by (seed,
 * step) only; once that share is all of them, as in a shuffled order.
 */
class CurriculumOrder implements BatchOrder {
  readonly #byLength: Int32Array;
  readonly #batchSize: number;
  readonly #seed: number;
  readonly #competence: (step: number) => number;
  readonly #all: ShuffledOrder;

  constructor(
    lengths: Int32Array,
    batchSize: number,
    seed: number,
    competence: (step: number) => number,
  ) {
    // Typed arrays are sorted in place, and equal lengths stay in their order.
    this.#byLength = integersBelow(lengths.length).sort((a, b) => lengths[a]! - lengths[b]!);
    this.#batchSize = batchSize;
    this.#seed = seed;
    this.#competence = competence;
    this.#all = new ShuffledOrder(lengths.length, batchSize, seed);
  }

  batch(step: number): Int32Array {
    const share = this.#competence(step);
    if (share >= 1) return this.#all.batch(step);
    const count = Math.max(this.#batchSize, Math.ceil(share * this.#byLength.length));
    const drawn = shuffle(
      this.#byLength.slice(0, count),
      keyedRandom('curriculum', this.#seed, step),
    );
    return drawn.slice(0, this.#batchSize);
  }
}

/** 0 … count − 1. */
function integersBelow(count: number): Int32Array {
  return Int32Array.from({ length: count }, (_, i) => i);
}
