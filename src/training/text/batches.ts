import type { TextDataset } from '../../data/dataset.ts';
import { type TokenBatch, tokenBatchOf } from '../../data/tokenBatch.ts';

/**
 * Examples of a data set as one batch.
 *
 * @param indices sorted by group
 * @param bounds where each group starts, then the number of examples; default: one group
 */
export function batchOf(
  { examples }: Pick<TextDataset, 'examples'>,
  indices: readonly number[],
  padId: number,
  bounds: readonly number[] = [0, indices.length],
): TokenBatch {
  const chosen = indices.map((index) => examples[index]!);
  return tokenBatchOf(chosen, padId, bounds);
}

/** Where each example's answer starts, in tokens; for generation. */
export function answerStarts(
  { examples }: Pick<TextDataset, 'examples'>,
  indices: readonly number[],
): readonly number[] {
  return indices.map((index) => examples[index]!.answerAt!);
}
