import type { Bounds } from '../../backends/operations/operations.ts';

/** What each row counts in the mean over its group: one over the group's size. */
export function meanWeights(bounds: Bounds): Float32Array {
  const weights = new Float32Array(bounds.at(-1)!);
  eachGroup(bounds, (start, end) => weights.fill(1 / (end - start), start, end));
  return weights;
}

/** Mean of each group's rows; 0 for a group without rows. */
export function groupMeans(values: Float32Array, bounds: Bounds): number[] {
  return eachGroup(bounds, (start, end) => {
    const sum = values.subarray(start, end).reduce((total, value) => total + value, 0);
    return sum / Math.max(end - start, 1);
  });
}

export function eachGroup<T>(bounds: Bounds, of: (start: number, end: number) => T): T[] {
  return bounds.slice(1).map((end, group) => of(bounds[group]!, end));
}
