/** Examples as numbers. */
export interface Dataset {
  readonly count: number;
  /** Numbers in one example. */
  readonly width: number;
  /** count×width, row-major; scaled and standardized. */
  readonly features: Float32Array;
  /** Length count: class indices, or values. */
  readonly targets: Int32Array | Float64Array;
}

/** Texts stood in for by their indices. */
export interface Labelling {
  /** Numbers by value if all are numbers, else by code unit; no repetitions. */
  readonly names: readonly string[];
  /** Of each example, an index into `names`. */
  readonly indices: Int32Array;
}

/** All that a config's `data` stands for. */
export interface Data {
  readonly train: Dataset;
  readonly validation: Dataset;
  /** Shape of one example. */
  readonly shape: readonly number[];
  /** Names of the classes that targets index; empty for regression. */
  readonly classes: readonly string[];
  /** Of the training examples, when groups are made by a column. */
  readonly column: Labelling | null;
  /** SHA-256 of the files, hex. */
  readonly fingerprints: { readonly train: string; readonly validation: string };
}
