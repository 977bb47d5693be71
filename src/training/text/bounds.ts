import type { Group } from '../../data/grouping.ts';

/** Where each group begins when their examples stand one after another, and how many there are; length k + 1. */
export function boundsOf(groups: readonly Group[]): number[] {
  const bounds = [0];
  for (const { examples } of groups) bounds.push(bounds.at(-1)! + examples.length);
  return bounds;
}
