/** Two methods' values of the same seeds. */
export type Pair = readonly [one: number, other: number];

/** The pairs of which both values are finite. @param other as many as `one`, in the same order of seeds */
export function finitePairs(one: readonly number[], other: readonly number[]): Pair[] {
  return one.flatMap((value, i) => {
    const pair = [value, other[i]!] as const;
    return pair.every(Number.isFinite) ? [pair] : [];
  });
}
