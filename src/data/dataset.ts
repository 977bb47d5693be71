import type { Diagnostic } from '../config/diagnostic.ts';

/** What examples of every kind have. */
export interface Examples {
  readonly count: number;
  /** Length count: class indices, or values; empty for generation, whose targets are texts. */
  readonly targets: Int32Array | Float64Array;
  /** Length count: tokens of each example; texts only. */
  readonly lengths?: Int32Array;
  /** Length count: indices of the examples in the file, if they are a subset of it. */
  readonly indices?: Int32Array;
}

/** Examples that are rows of numbers. */
export interface TabularDataset extends Examples {
  /** Features per example. */
  readonly width: number;
  /** count×width, row-major; scaled and standardized. */
  readonly features: Float32Array;
}

/** A text, a pair of texts, or a prompt and its answer, as token ids. */
export interface TextExample {
  readonly ids: Int32Array;
  /** 0 for tokens of the first text, 1 for those of the second; as many as `ids`. */
  readonly typeIds: Int32Array;
  /** Generation only: index of the answer's first token, at least 1; the loss is over the tokens from there on. */
  readonly answerAt?: number;
}

/** A prompt, and the answer that a generated one is compared with. */
export interface Question {
  /** Token ids. */
  readonly prompt: Int32Array;
  readonly answer: string;
}

/** Examples that are texts. */
export interface TextDataset extends Examples {
  readonly examples: readonly TextExample[];
  readonly lengths: Int32Array;
  /** Generation only: one per example; empty for other tasks. */
  readonly questions: readonly Question[];
  /** Empty texts in the file, if it has any. */
  readonly emptyTexts?: EmptyTexts;
}

/** Texts that are empty in examples with other texts that are not. */
export interface EmptyTexts {
  readonly count: number;
  /** Position of the first one, such as `line 3, column "answer"`. */
  readonly first: string;
}

/** Texts encoded as indices into the list of distinct texts. */
export interface Labels {
  /** Distinct; sorted by value if all are numbers, else by code unit. */
  readonly names: readonly string[];
  /** Index into `names` for each example. */
  readonly indices: Int32Array;
}

/** The data of a config, as read from its files. */
export interface Data<E extends Examples = Examples> {
  readonly train: E;
  readonly validation: E;
  /** Names of the classes that targets index; empty unless the task is classification. */
  readonly classes: readonly string[];
  /** Values of the column that groups are made by, for the training examples; null without such a column. */
  readonly column: Labels | null;
  /** What is legal but rarely meant, to be said once before the first step; at keys of the config. */
  readonly notices: readonly Diagnostic[];
  /** SHA-256 of the files, hex. */
  readonly fingerprints: { readonly train: string; readonly validation: string };
}

/** Data whose examples are rows of numbers. */
export interface TabularData extends Data<TabularDataset> {
  /** Shape of one example. */
  readonly shape: readonly number[];
}

/** An image, as a file of its own or inside one of the data. */
export interface ImageSource {
  /** The absolute path of its file, or which row of which file it is in: another one for each image. */
  readonly name: string;
  /** As PNG or JPEG; null: they are in a file of its own. */
  readonly bytes: Uint8Array | null;
}

/** Examples that are images. */
export interface ImageDataset extends Examples {
  /** One for each example. */
  readonly images: readonly ImageSource[];
}

/** Data whose examples are images. */
export type ImageData = Data<ImageDataset>;

/** Data whose examples are texts. */
export type TextData = Data<TextDataset>;
