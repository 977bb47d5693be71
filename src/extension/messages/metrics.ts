import type {
  EmptyMessage,
  ReadyMessage,
  RunChoice,
  RunHeader,
  SelectRunMessage,
} from './common.ts';
import type { ConflictPoint } from './conflict.ts';
import type { MetricPoint } from './seedVariance.ts';
import type { WeightsPoint } from './weights.ts';

/** One step as the compact bottom view shows it. */
export interface MetricsPoint extends ConflictPoint, WeightsPoint {
  /** Mean training loss over the examples of the step; `null` if not finite. */
  readonly loss: number | null;
}

export interface MetricsShow {
  readonly type: 'show';
  readonly run: RunHeader;
  readonly choices: readonly RunChoice[];
  readonly groupNames: readonly string[];
  readonly metric: string;
  readonly points: readonly MetricsPoint[];
  readonly validation: readonly MetricPoint[];
}

export interface MetricsAppend {
  readonly type: 'append';
  readonly run: RunHeader;
  readonly points: readonly MetricsPoint[];
  readonly validation: readonly MetricPoint[];
}

export type MetricsToWebview = MetricsShow | MetricsAppend | EmptyMessage;
export type MetricsToHost = ReadyMessage | SelectRunMessage;
