import type {
  EmptyMessage,
  ReadyMessage,
  RunChoice,
  RunHeader,
  SelectRunMessage,
} from './common.ts';

export interface ConflictPoint {
  readonly step: number;
  /** Share of pairs with a negative cosine, 0…1. */
  readonly conflictRate: number;
  /** Share of groups the mean would step against, 0…1. */
  readonly meanConflictRate: number;
  /** ‖g*‖/‖ḡ‖; `null` if ḡ = 0. */
  readonly normRatio: number | null;
  /** Smallest ⟨g*, gᵢ⟩ / (‖g*‖‖gᵢ‖); `null` if a gradient that carries weight is not finite. */
  readonly minCosine: number | null;
  /** Duality gap over ‖g*‖²; `null` if ‖g*‖ = 0 or not finite. */
  readonly relativeGap: number | null;
  readonly certified: boolean;
}

/** Cosines of the latest step: `cosines[i][j]`, `null` where a gradient is zero or not finite. */
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
  readonly now: CosineMatrix;
}

export type ConflictToWebview = ConflictShow | ConflictAppend | EmptyMessage;
export type ConflictToHost = ReadyMessage | SelectRunMessage;
