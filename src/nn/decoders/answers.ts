import type { Bounds } from '../../backends/operations/operations.ts';
import type { TokenBatch } from '../../data/tokenBatch.ts';
import { eachGroup, meanWeights } from '../module/groupMeans.ts';

/** The tokens of a batch that a language model is asked for, in the order of the batch. */
export interface Answers {
  /** Of the token before each, among the rows of the batch; ascending. */
  readonly rows: Int32Array;
  /** Ids of the tokens. */
  readonly labels: Int32Array;
  /** What each token's loss counts in its group's: one over the group's number of them. */
  readonly weights: Float32Array;
  /** Group g has the answer tokens bounds[g] … bounds[g + 1] − 1. */
  readonly bounds: Bounds;
}

/**
 * @param starts where each example's answer starts, in tokens; it goes to the example's end. An example's first token follows
 * none and is never asked for.
 */
export function answersOf(tokens: TokenBatch, starts: ArrayLike<number>): Answers {
  const { ids, length, lengths, examples } = tokens;
  const rows: number[] = [];
  const bounds = [0];
  eachGroup(examples, (start, end) => {
    for (let example = start; example < end; example++) {
      const first = Math.max(starts[example]!, 1);
      for (let at = first; at < lengths[example]!; at++) rows.push(example * length + at - 1);
    }
    bounds.push(rows.length);
  });
  return {
    rows: Int32Array.from(rows),
    labels: Int32Array.from(rows, (row) => ids[row + 1]!),
    weights: meanWeights(bounds),
    bounds,
  };
}
