import type { Group } from './grouping.ts';

/** Cuts a batch into `count` consecutive slices; sizes differ by at most one, the larger ones first. */
export function slices(batch: Int32Array, count: number): Group[] {
  const size = Math.floor(batch.length / count);
  const larger = batch.length % count;
  return Array.from({ length: count }, (_, index) => {
    const start = index * size + Math.min(index, larger);
    return { index, examples: batch.subarray(start, start + size + (index < larger ? 1 : 0)) };
  });
}

/** Names of groups that are nothing but numbers: #1 … #count. */
export function numberedNames(count: number): string[] {
  return Array.from({ length: count }, (_, i) => `#${i + 1}`);
}
