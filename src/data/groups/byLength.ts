import type { Grouping } from './grouping.ts';
import { numberedNames, slices } from './slices.ts';

/**
 * Slices of the batch sorted by length, the shortest examples in the first group.
 * @param lengths of all examples
 */
export function byLength(count: number, lengths: Int32Array): Grouping {
  return {
    names: numberedNames(count),
    split: (_step, batch) => {
      const sorted = batch.slice().sort((a, b) => lengths[a]! - lengths[b]!);
      return slices(sorted, count);
    },
  };
}
