/** What is known of examples of any kind. */
export interface Examples {
  readonly count: number;
  /** Length count: class indices, or values; empty for generation, whose targets are texts. */
  readonly targets: Int32Array | Float64Array;
  /** Length count: tokens of each example, if they are texts. */
  readonly lengths?: Int32Array;
  /** Length count: their places in the file, if they are a choice of its examples. */
  readonly indices?: Int32Array;
}

/** Examples as numbers. */
export interface Dataset extends Examples {
  /** Numbers in one example. */
  readonly width: number;
  /** count×width, row-major; scaled and standardized. */
  readonly features: Float32Array;
}

/** A text, a pair of texts, or a prompt and its answer, as tokens. */
export interface TextExample {
  readonly ids: Int32Array;
  /** Of the two texts of a pair; as long as `ids`. */
  readonly typeIds: Int32Array;
  /** Generation alone: index of the answer's first token, at least 1; tokens from there on are to be learnt. */
  readonly answerAt?: number;
}

/** What a model that generates is asked, and what it should say. */
export interface Question {
  /** Token ids. */
  readonly prompt: Int32Array;
  readonly answer: string;
}

/** Examples as tokens. */
export interface TextDataset extends Examples {
  readonly examples: readonly TextExample[];
  readonly lengths: Int32Array;
  /** Generation alone, else empty: one per example. */
  readonly questions: readonly Question[];
  /** Of the whole file, if it has any. */
  readonly emptyTexts?: EmptyTexts;
}

/** Texts without anything to read, beside others of their examples. */
export interface EmptyTexts {
  readonly count: number;
  /** Where the first is, in words. */
  readonly first: string;
}

/** Texts stood in for by their indices. */
export interface Labels {
  /** Numbers by value if all are numbers, else by code unit; no repetitions. */
  readonly names: readonly string[];
  /** Of each example, an index into `names`. */
  readonly indices: Int32Array;
}

/** All that a config's `data` stands for. */
export interface Data<E extends Examples = Examples> {
  readonly train: E;
  readonly validation: E;
  /** Names of the classes that targets index; empty for other tasks than classification. */
  readonly classes: readonly string[];
  /** Of the training examples, when groups are made by a column. */
  readonly column: Labels | null;
  /** SHA-256 of the files, hex. */
  readonly fingerprints: { readonly train: string; readonly validation: string };
}

/** Data whose examples are numbers. */
export interface TableData extends Data<Dataset> {
  /** Shape of one example. */
  readonly shape: readonly number[];
}

/** Data whose examples are texts. */
export type TextData = Data<TextDataset>;
