/** Two methods' values of the same seeds. */
export type Pair = readonly [one: number, other: number];
