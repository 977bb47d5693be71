import type { LossShape } from '../../config/techniques/description.ts';
import type { Group } from '../../data/grouping.ts';

/** The groups with as many rows for each example as the loss takes: two in a row where it compares forward passes. */
export function withCopies(groups: readonly Group[], loss: LossShape | null): readonly Group[] {
  if (!loss || loss.agreement === null) return groups;
  return groups.map(({ index, examples }) => ({
    index,
    examples: Int32Array.from({ length: 2 * examples.length }, (_, row) => examples[row >> 1]!),
  }));
}
