/** One group's share of a batch. */
export interface Group {
  /** Index into `Grouping.names`. */
  readonly index: number;
  /** Indices of its examples in the training set; at least one. */
  readonly examples: Int32Array;
}

/** Splits the batch of a step into groups; each group's gradient counts as one in the aggregation. */
export interface Grouping {
  readonly names: readonly string[];
  /**
   * Each example of the batch goes to exactly one group. Groups without examples are left out; the rest keep the order of `names`.
   * @param step 1-based
   */
  split(step: number, batch: Int32Array): Group[];
}
