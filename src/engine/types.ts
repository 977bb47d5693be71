/** The vocabulary of the engine: a Gram matrix goes in, weights with a certificate come out. */

/** Names of the aggregators in the registry. */
export type AggregatorName = 'grain' | 'mean';

/** What to do with a group whose gradient is exactly zero (it would make the shortest vector zero). */
export type ZeroGroupPolicy = 'drop' | 'stop' | 'error';

/** One aggregation problem: everything about the weights is decided by the Gram matrix. */
export interface Problem {
  /** H = GGᵀ, k×k row-major; Hᵢⱼ = ⟨gᵢ, gⱼ⟩. Symmetrised by the engine. */
  readonly gram: Float64Array;
  /** Examples in each group, length k; `mean` weights by them. Absent: groups of equal size. */
  readonly sizes?: ArrayLike<number>;
  readonly zeroGroups?: ZeroGroupPolicy;
}

export type WarningCode =
  | 'non-finite-group'
  | 'zero-group'
  | 'all-zero'
  | 'pareto-stationary'
  | 'rounding-floor'
  | 'not-optimal'
  | 'conflict';

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
  /** Duality gap f − minᵢ (Hw)ᵢ ≥ 0, bounding ½(f − f*) and ‖d − d*‖² from above; Infinity off the simplex. */
  readonly gap: number;
  /** minᵢ ⟨d, gᵢ⟩ / (‖d‖‖gᵢ‖); −1…1; 0 when d or every gᵢ is zero. Non-negative: no group is stepped against. */
  readonly minCosine: number;
}

/** The weights of one step, on the simplex, and their certificate. */
export interface Aggregation extends Certificate {
  /** Length k, ≥ 0, summing to 1 — or all zero when the step must be skipped (all groups zero or bad, or stopped). */
  readonly weights: Float64Array;
  readonly warnings: readonly Warning[];
}

/** What the panels show of a step, derived from the facts (Gram, weights, sizes) that a trainer logs. */
export interface Diagnostics extends Certificate {
  /** Pairwise cosines, k×k row-major; NaN where a group's gradient is zero or not finite. */
  readonly cosines: Float64Array;
  /** Share of pairs i<j with a negative cosine, 0…1. */
  readonly conflictRate: number;
  /** Share of groups that the plain mean would step against, 0…1. */
  readonly meanConflictRate: number;
  /** (Σwᵢ)² / Σwᵢ² (inverse Simpson index), 1…k; 0 for a skipped step. */
  readonly effectiveGroups: number;
  /** ‖g*‖ / ‖ḡ‖: length of the step taken over that of the mean; NaN if ḡ = 0. */
  readonly normRatio: number;
  /** tr(H)² / tr(H²): effective dimension of the span of the groups, 1…k; NaN if every gradient is zero. */
  readonly effectiveDimension: number;
  /** True if min cosine ≥ 0 up to the rounding floor: no group is made worse to first order. */
  readonly certified: boolean;
}
