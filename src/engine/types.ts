/** The vocabulary of the engine: a Gram matrix goes in, weights with a certificate come out. */

/** Names of the aggregators in the registry. */
export type AggregatorName =
  | 'grain'
  | 'mean'
  | 'grain-normalized'
  | 'grain-layerwise'
  | 'grain-streaming'
  | 'upgrad'
  | 'pcgrad'
  | 'gradvac'
  | 'graddrop'
  | 'cagrad'
  | 'aligned-mtl'
  | 'imtl-g'
  | 'nash-mtl'
  | 'mean-norm-matched'
  | 'inverse-norm'
  | 'normalized-mean';

/** An aggregator with its settings; absent ones have their defaults. */
export interface AggregatorChoice {
  readonly name: AggregatorName;
  /** Defaults: the registry's. */
  readonly parameters?: Readonly<Record<string, number>>;
  /**
   * Smoothing coefficient γ, 0…<1: wₜ ← γwₜ₋₁ + (1−γ)wₜ (CR-MOGM, Zhou et al., NeurIPS 2022). Default
   * 0. Above 0 no step has the aggregator's guarantee.
   */
  readonly smoothing?: number;
}

/**
 * How gradients are aggregated, every setting resolved.
 *
 * @typeParam Name of the aggregator; any string in the manifest of another trainer
 */
export interface AggregationSettings<Name extends string = AggregatorName> {
  readonly name: Name;
  readonly parameters: Readonly<Record<string, number>>;
  readonly metric: Metric;
  /** As {@link AggregatorChoice.smoothing}. */
  readonly smoothing: number;
  readonly zeroGroups: ZeroGroupPolicy;
  /** Share of ‖Δ‖‖gᵢ‖ that the update Δ may cost a group, 0…<1; null: the optimizer's update is not corrected. See `guard.ts`. */
  readonly guard: number | null;
  /** What else is done; absent: nothing. */
  readonly techniques?: Techniques;
}

/** Techniques beside aggregation, by name, with their parameters. */
export type Techniques = Readonly<Record<string, Readonly<Record<string, number>>>>;

/** What to do with a group whose gradient is exactly zero, where the aggregator then has no direction. */
export type ZeroGroupPolicy = 'drop' | 'stop' | 'error';

/**
 * Where the inner products of a run are taken: between the gradients, or between the P^½gᵢ, P being the diagonal that the
 * optimizer multiplies d with in the very same step.
 */
export type Metric = 'euclidean' | 'preconditioned';

/** A vector v by its inner products: ‖v‖², and ⟨v, gᵢ⟩ for each of the k gradients it was measured against. */
export interface MeasuredVector<T = number> {
  readonly norm2: T;
  /** Length k. */
  readonly inner: readonly T[];
}

/** The change Δ of the parameters in a step, and how exact it is. */
export interface MeasuredUpdate<T = number> extends MeasuredVector<T> {
  /**
   * 2⁻²⁴‖θ‖ in the metric of H, at least as long as what rounding the parameters θ to float32 adds to Δ: by Cauchy–Schwarz
   * ⟨Δ, gᵢ⟩ is exact to 2⁻²⁴‖θ‖√Hᵢᵢ. Absent in logs of trainers that do not measure it.
   */
  readonly rounding?: T;
}

/** A problem without its inner products. */
export interface ProblemOptions {
  /** Examples in each group, length k; means are weighted by them. Absent: groups of equal size. */
  readonly sizes?: ArrayLike<number>;
  readonly zeroGroups?: ZeroGroupPolicy;
  /** Identity of each group across steps, k different numbers; default 0…k−1. Memory of other groups is forgotten. */
  readonly groups?: readonly number[];
  /** Seeds aggregators that use random numbers; a whole number. A trainer gives each step a different one. Default 0. */
  readonly seed?: number;
  /** From the result of the previous step; absent: a first step. */
  readonly memory?: Memory;
}

/** One aggregation problem: everything about the weights is decided by the Gram matrix. */
export interface Problem extends ProblemOptions {
  /** H = GGᵀ, k×k row-major; Hᵢⱼ = ⟨gᵢ, gⱼ⟩. Symmetrised by the engine. */
  readonly gram: Float64Array;
}

/** State that an aggregator carries from step to step, as plain JSON. The same memory and problem give the same bits. */
export interface Memory {
  /** Identities of the groups. */
  readonly groups: readonly number[];
  /** State of the aggregator itself. */
  readonly state?: readonly number[];
  /** The last smoothed weights, one for each of `groups`. */
  readonly weights?: readonly number[];
}

export const warningCodes = [
  'non-finite-group',
  'zero-group',
  'all-zero',
  'no-direction',
  'pareto-stationary',
  'rounding-floor',
  'not-optimal',
  'conflict',
] as const;

export type WarningCode = (typeof warningCodes)[number];

export interface Warning {
  readonly code: WarningCode;
  readonly message: string;
  /** Indices of the groups concerned. */
  readonly groups: readonly number[];
}

/** Proof, computed from the Gram matrix and the weights alone, of how good the weights are. */
export interface Certificate {
  /** f = ‖d‖² = wᵀHw, in squared gradient units. */
  readonly norm2: number;
  /**
   * Duality gap f − minᵢ (Hw)ᵢ ≥ 0 of the shortest vector in the hull, bounding ½(f − f*) and ‖d − d*‖² from above;
   * Infinity (`null` in JSON) off the simplex.
   */
  readonly gap: number;
  /** minᵢ ⟨d, gᵢ⟩ / (‖d‖‖gᵢ‖); −1…1; 0 when d or every gᵢ is zero. Non-negative: d conflicts with no group. */
  readonly minCosine: number;
}

/** The weights of one step and their certificate. */
export interface AggregationResult extends Certificate {
  /**
   * d = Σ wᵢgᵢ. Length k; on the simplex for aggregators that declare `convex`, else any real numbers. All zero: the step is
   * to be skipped (all groups zero or not finite, stopped, or no direction found).
   */
  readonly weights: Float64Array;
  readonly warnings: readonly Warning[];
  /** For the next step; present if the aggregator remembers anything. */
  readonly memory?: Memory;
}

/** What the panels show of a step, derived from the facts (Gram, weights, sizes) that a trainer logs. */
export interface Diagnostics extends Certificate {
  /** Pairwise cosines, k×k row-major; NaN where a group's gradient is zero or not finite. */
  readonly cosines: Float64Array;
  /** Share of pairs i<j with a negative cosine, 0…1. */
  readonly conflictRate: number;
  /** Share of groups that the plain mean conflicts with, 0…1. */
  readonly meanConflictRate: number;
  /** (Σwᵢ)² / Σwᵢ² (inverse Simpson index), 1…k; 0 for a skipped step. */
  readonly effectiveGroups: number;
  /** ‖g*‖ / ‖ḡ‖: length of the step taken over that of the mean; NaN if ḡ = 0. */
  readonly normRatio: number;
  /** tr(H)² / tr(H²): effective dimension of the span of the groups, 1…k; NaN if every gradient is zero. */
  readonly effectiveDimension: number;
  /** True if min cosine ≥ 0 up to the rounding floor: no group is made worse to first order. */
  readonly certified: boolean;
  /** Indices of the groups that d conflicts with, beyond rounding. */
  readonly conflictsWith: readonly number[];
  /** True if ‖d‖ is zero to rounding though groups have weight: no direction improves every group. */
  readonly stationary: boolean;
}
