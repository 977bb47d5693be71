/**
 * `events.jsonl`: one JSON object a line, appended by one writer, in the order things happened.
 * Numbers that are not finite are written as `null`. Readers ignore kinds and fields they do not know.
 */

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
  /** Upper triangle of H = GGᵀ, row by row: H₀₀ H₀₁ … H₁₁ …; length k(k+1)/2. */
  readonly gram: readonly Fact[];
  /** Weights used; length k. */
  readonly weights: readonly number[];
  /** Wall time in milliseconds. */
  readonly ms: { readonly gradients: number; readonly aggregate: number; readonly update: number };
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

export interface EndEvent {
  readonly kind: 'end';
  readonly at: number;
  readonly step: number;
  readonly status: 'finished' | 'stopped' | 'failed';
  readonly error?: string;
}

export type RunEvent =
  | StartEvent
  | StepEvent
  | ValidationEvent
  | CheckpointEvent
  | WarningEvent
  | EndEvent;
