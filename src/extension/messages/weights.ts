import type {
  EmptyMessage,
  ReadyMessage,
  RunChoice,
  RunHeader,
  SelectRunMessage,
} from './common.ts';

export interface WeightsPoint {
  readonly step: number;
  /** One per name in `groupNames`; `null` where the group was absent from the step. */
  readonly weights: readonly (number | null)[];
  readonly effectiveGroups: number;
}

export interface WeightsShow {
  readonly type: 'show';
  readonly run: RunHeader;
  readonly choices: readonly RunChoice[];
  readonly groupNames: readonly string[];
  readonly points: readonly WeightsPoint[];
}

export interface WeightsAppend {
  readonly type: 'append';
  readonly run: RunHeader;
  readonly points: readonly WeightsPoint[];
}

export type WeightsToWebview = WeightsShow | WeightsAppend | EmptyMessage;
export type WeightsToHost = ReadyMessage | SelectRunMessage;
