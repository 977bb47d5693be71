import type {
  EmptyMessage,
  ReadyMessage,
  RunChoice,
  RunHeader,
  SelectRunMessage,
} from './common.ts';

export interface WeightsPoint {
  readonly step: number;
  /**
   * One per name in `groupNames`; `null` where the group was absent from the step. Negative, or of another sum than 1, for
   * aggregators that are not convex. All `null` where d is no weighted sum.
   */
  readonly weights: readonly (number | null)[];
  /** `null` where d is no weighted sum. */
  readonly effectiveGroups: number | null;
}

/** Weights of each parameter block at the latest step, where blocks have their own; as in `WeightsPoint`. */
export interface BlockWeights {
  readonly step: number;
  readonly blocks: readonly {
    readonly name: string;
    /** Share of the block in Σ ‖gᵢ‖², 0…1; `null` if not finite. */
    readonly share: number | null;
    readonly weights: readonly (number | null)[];
  }[];
}

export interface WeightsShow {
  readonly type: 'show';
  readonly run: RunHeader;
  readonly choices: readonly RunChoice[];
  readonly groupNames: readonly string[];
  readonly points: readonly WeightsPoint[];
  readonly blocks: BlockWeights | null;
}

export interface WeightsAppend {
  readonly type: 'append';
  readonly run: RunHeader;
  readonly points: readonly WeightsPoint[];
  readonly blocks: BlockWeights | null;
}

export type WeightsToWebview = WeightsShow | WeightsAppend | EmptyMessage;
export type WeightsToHost = ReadyMessage | SelectRunMessage;
