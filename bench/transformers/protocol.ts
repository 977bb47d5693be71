/** Tokens that stand for texts: the same on both sides, all examples of one length. */
export interface MadeTokens {
  readonly batch: number;
  readonly length: number;
  readonly vocabulary: number;
}

/** What a process trains. */
export interface Setup {
  /** A config as in a file; paths are absolute. */
  readonly config: object;
  /** Replaces the config's data. */
  readonly tokens?: MadeTokens;
}

export type Request =
  | { readonly setup: Setup }
  /** Trains this many more steps. */
  | { readonly steps: number }
  /** Writes a checkpoint. */
  | { readonly save: string }
  /** Runs a step, then plain matrix products of the sizes in it. */
  | { readonly products: true }
  /** Profiles this many steps. */
  | { readonly profile: number };

export interface Answer {
  /** Wall time of each step. */
  readonly seconds: readonly number[];
  /** Processor time of all threads, seconds, of all steps together. */
  readonly cpu: number;
  /** Mean loss over the batch, before each step. */
  readonly losses: readonly number[];
  /** Peak resident memory so far, MiB. */
  readonly memory: number;
  /** Share of aggregation in the steps' wall time. */
  readonly aggregation?: number;
  /** Peak memory of tensors over the steps, MiB. */
  readonly tensors?: number;
  /** Name of a checkpoint. */
  readonly saved?: string;
  readonly products?: Products;
  /** Shares of the wall time, largest first. */
  readonly profile?: readonly (readonly [operation: string, share: number])[];
}

/** The matrix products of a step. */
export interface Products {
  /** Multiplications and additions of all, those of attention too. */
  readonly flops: number;
  /** Rate of plain products of the same sizes, per second of wall time and of processor time. */
  readonly rate: number;
  readonly cpuRate: number;
}
