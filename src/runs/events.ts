/**
 * `events.jsonl`: one JSON object a line, appended by one writer, in the order things happened.
 * Numbers that are not finite are written as `null`. Readers ignore kinds and fields they do not know.
 */

import type { RunFailure } from './failure.ts';

/** `null` stands for a number that was NaN or infinite. */
export type Fact = number | null;

export interface StartEvent {
  readonly kind: 'start';
  /** Milliseconds since the Unix epoch. */
  readonly at: number;
  readonly pid: number;
  /** Steps already done: 0 for a fresh run, the checkpoint's step for a resumed one. */
  readonly fromStep: number;
}

/** One parameter block of a step: as the fields of the same names of the step, for the block's coordinates alone. */
export interface BlockFacts {
  readonly name: string;
  readonly gram: readonly Fact[];
  readonly weights: readonly number[];
}

/** A vector v by its inner products in the space of the parameters, whatever the metric of the Gram matrix. */
export interface MeasuredVector {
  /** ‖v‖². */
  readonly norm2: Fact;
  /** ⟨v, gᵢ⟩; length k. */
  readonly inner: readonly Fact[];
}

/** The arrival of gradient gᵢ at the running direction d. */
export interface ArrivalFacts {
  /** ⟨d, gᵢ⟩ before; 0 for the first. */
  readonly inner: Fact;
  /** ‖gᵢ‖². */
  readonly norm2: Fact;
  /** Weights of the gradients so far, this one included, in d afterwards. */
  readonly weights: readonly number[];
  /** ‖d‖² afterwards. */
  readonly direction2: Fact;
}

/** The facts of one optimizer step; all else (cosines, conflict, certificate) is derived by the engine. */
export interface StepEvent {
  readonly kind: 'step';
  readonly at: number;
  /** 1-based. */
  readonly step: number;
  readonly learningRate: number;
  /** Indices into `manifest.groups.names` of the groups present in this step; length k. */
  readonly groups: readonly number[];
  /** Examples per present group; length k. */
  readonly sizes: readonly number[];
  /** Mean loss per present group, before the step; length k. */
  readonly losses: readonly Fact[];
  /**
   * Upper triangle of H = GGᵀ, row by row: H₀₀ H₀₁ … H₁₁ …; length k(k+1)/2, in the metric of `manifest.aggregation`. Null
   * where the gradients were never all there at once.
   */
  readonly gram: readonly Fact[] | null;
  /**
   * Weights of d = Σ wᵢgᵢ; length k. With `blocks`: the mean of the blocks' weights, each weighed by the trace of its Gram
   * matrix. Null where d is no weighted sum.
   */
  readonly weights: readonly number[] | null;
  /** Where each parameter block has weights of its own: d is put together of the blocks' Σ wᵢgᵢ, and `gram` is their sum. */
  readonly blocks?: readonly BlockFacts[];
  /** Where d is no weighted sum: d measured against the gradients. */
  readonly direct?: MeasuredVector;
  /** Where gradients were taken one after another: an entry for each of `groups`, in their order. */
  readonly streaming?: readonly ArrivalFacts[];
  /**
   * Δ = θ before − θ after measured against the gradients: what the step really was, with momentum, preconditioner and weight
   * decay. Null where the gradients were gone by then; absent where it was not measured.
   */
  readonly update?: MeasuredVector | null;
  /** Wall time in milliseconds. */
  readonly ms: { readonly gradients: number; readonly aggregate: number; readonly update: number };
  /** The most bytes seen during the step; absent where nobody looked. */
  readonly memory?: {
    /** Resident memory of the process, whatever else it did before. */
    readonly resident: number;
    /** Of the run's tensors, on whatever device. */
    readonly tensors?: number;
  };
}

/** A validation takes long; what it measures follows, or the run ends before. */
export interface ValidatingEvent {
  readonly kind: 'validating';
  readonly at: number;
  readonly step: number;
  /** Share that is done, 0…1. */
  readonly done: number;
}

export interface ValidationEvent {
  readonly kind: 'validation';
  readonly at: number;
  readonly step: number;
  readonly metrics: Readonly<Record<string, Fact>>;
}

export interface CheckpointEvent {
  readonly kind: 'checkpoint';
  readonly at: number;
  readonly step: number;
  /** Path inside the run folder. */
  readonly path: string;
  readonly best: boolean;
}

export interface WarningEvent {
  readonly kind: 'warning';
  readonly at: number;
  readonly step: number;
  readonly message: string;
}

export type EndEvent = {
  readonly kind: 'end';
  readonly at: number;
  readonly step: number;
} & (
  | { readonly status: 'finished' | 'stopped' }
  | { readonly status: 'failed'; readonly failure: RunFailure }
);

export type RunEvent =
  | StartEvent
  | StepEvent
  | ValidatingEvent
  | ValidationEvent
  | CheckpointEvent
  | WarningEvent
  | EndEvent;
