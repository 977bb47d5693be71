/** Which examples a step trains on, decided by the seed and the step alone. */
export interface BatchOrder {
  /** @param step 1-based. @returns indices of examples, length batchSize. */
  batch(step: number): Int32Array;
}
