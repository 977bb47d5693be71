/** Tokens that stand for texts: the same on both sides, all examples of one length. */
export interface MadeTokens {
  readonly batch: number;
  readonly length: number;
  readonly vocabulary: number;
}

/** What a process is to train. */
export interface Setup {
  /** A config, as a file would have it; paths are absolute. */
  readonly config: object;
  /** In place of the config's data. */
  readonly tokens?: MadeTokens;
}

export type Request =
  | { readonly setup: Setup }
  /** Trains on. */
  | { readonly steps: number }
  /** Writes a checkpoint of what is trained. */
  | { readonly save: string }
  /** Takes a step, and then the plain matrix products of its sizes. */
  | { readonly products: true }
  /** Says where the time of so many steps goes. */
  | { readonly profile: number };

export interface Answer {
  /** Wall time of each step. */
  readonly seconds: readonly number[];
  /** Processor time of all threads, seconds, of all steps together. */
  readonly cpu: number;
  /** Mean over the batch, before each step. */
  readonly losses: readonly number[];
  /** Most that was resident so far, MiB. */
  readonly memory: number;
  /** Of the steps' wall time, that for aggregation. */
  readonly aggregation?: number;
  /** Most that tensors took in one of the steps, MiB. */
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
  /** Of plain products of the same sizes, a second of wall time and of processor time. */
  readonly rate: number;
  readonly cpuRate: number;
}
