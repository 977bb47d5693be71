import type { Unmeasured } from '../../engine/diagnoseStep.ts';
import type { GuaranteeState } from '../../engine/guarantee.ts';
import type {
  EmptyMessage,
  ReadyMessage,
  RunChoice,
  RunHeader,
  SelectRunMessage,
} from './common.ts';

/**
 * One step. What is asked of the gradients (the first two) is `null` where the log has no Gram matrix; what is asked of the
 * direction d is `null` where `unmeasured` says why.
 */
export interface ConflictPoint {
  readonly step: number;
  /** Share of pairs with a negative cosine, 0…1. */
  readonly conflictRate: number | null;
  /** Share of groups the mean would step against, 0…1. */
  readonly meanConflictRate: number | null;
  /** ‖d‖/‖ḡ‖; `null` if ḡ = 0, too. */
  readonly normRatio: number | null;
  /** Smallest ⟨d, gᵢ⟩ / (‖d‖‖gᵢ‖); `null` if a gradient that carries weight is not finite, too. */
  readonly minCosine: number | null;
  /** Duality gap over ‖d‖²; `null` if ‖d‖ = 0 or not finite, off the simplex, and where d is no weighted sum, too. */
  readonly relativeGap: number | null;
  /** Whether d steps against no group. */
  readonly certified: boolean | null;
  /** Share of groups that d steps against, 0…1. */
  readonly against: number | null;
  /** Share of groups that the actual update of the parameters steps against, 0…1; `null` where it was not measured. */
  readonly updateAgainst: number | null;
  /** True if d is zero to rounding though groups have weight: no direction serves every group. */
  readonly stationary: boolean | null;
  /** What became of the promise to step against no group, in the metric of the run. */
  readonly guarantee: GuaranteeState | null;
  /** Why nothing is known of d's inner products with the gradients; `null` where they are known. */
  readonly unmeasured: Unmeasured | null;
}

/** Cosines of the latest step that has a Gram matrix: `cosines[i][j]`, `null` where a gradient is zero or not finite. */
export interface CosineMatrix {
  readonly step: number;
  readonly groupNames: readonly string[];
  readonly cosines: readonly (readonly (number | null)[])[];
}

export interface ConflictShow {
  readonly type: 'show';
  readonly run: RunHeader;
  readonly choices: readonly RunChoice[];
  readonly points: readonly ConflictPoint[];
  readonly now: CosineMatrix | null;
}

export interface ConflictAppend {
  readonly type: 'append';
  readonly run: RunHeader;
  readonly points: readonly ConflictPoint[];
  readonly now: CosineMatrix | null;
}

export type ConflictToWebview = ConflictShow | ConflictAppend | EmptyMessage;
export type ConflictToHost = ReadyMessage | SelectRunMessage;
