import type { TextExample } from './dataset.ts';

/** Examples as token ids, padded to one length. */
export interface TokenBatch {
  readonly batch: number;
  /** Tokens of each example, padding included. */
  readonly length: number;
  /** batch·length, row-major. */
  readonly ids: Int32Array;
  /** Of the two texts of a pair; as `ids`. */
  readonly typeIds: Int32Array;
  /** Tokens of each example that are no padding, the first ones; length batch. */
  readonly lengths: Int32Array;
  /** Examples of group g: examples[g] … examples[g + 1] − 1; length k + 1. */
  readonly examples: readonly number[];
}

/**
 * Examples as the network takes them, padded to the longest.
 * @param examples those of a group together
 * @param exampleBounds where each group begins, and at the end how many examples there are; length k + 1
 */
export function tokenBatchOf(
  examples: readonly TextExample[],
  padId: number,
  exampleBounds: readonly number[],
): TokenBatch {
  const lengths = Int32Array.from(examples, ({ ids }) => ids.length);
  const length = Math.max(...lengths);
  const ids = new Int32Array(examples.length * length).fill(padId);
  const typeIds = new Int32Array(examples.length * length);
  examples.forEach((example, i) => {
    ids.set(example.ids, i * length);
    typeIds.set(example.typeIds, i * length);
  });
  return { batch: examples.length, length, ids, typeIds, lengths, examples: exampleBounds };
}
