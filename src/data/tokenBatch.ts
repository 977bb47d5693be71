import type { TextExample } from './dataset.ts';

/** A batch of token ids, padded to one length: what a transformer's forward pass takes. */
export interface TokenBatch {
  /** Number of examples. */
  readonly batchSize: number;
  /** Tokens per example, padding included. */
  readonly length: number;
  /** batch·length, row-major. */
  readonly ids: Int32Array;
  /** 0 for tokens of the first text, 1 for those of the second; shaped like `ids`. */
  readonly typeIds: Int32Array;
  /** Length batch: tokens per example without padding, which follows them. */
  readonly lengths: Int32Array;
  /** Length k + 1: group g has the examples examples[g] … examples[g + 1] − 1. */
  readonly exampleBounds: readonly number[];
}

/**
 * Pads examples to the longest of them.
 * @param examples sorted by group
 * @param exampleBounds index of each group's first example, and the number of examples at the end; length k + 1
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
  return {
    batchSize: examples.length,
    length,
    ids,
    typeIds,
    lengths,
    exampleBounds: exampleBounds,
  };
}
