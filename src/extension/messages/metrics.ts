import type { Cost, CostRatio } from '../../runs/cost.ts';
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

/** What a run costs; follows `show`, and again whenever it has changed. */
export interface MetricsCost {
  readonly type: 'cost';
  /** Of the run. */
  readonly id: string;
  /** Null before the first step. */
  readonly cost: Cost | null;
  /** Against the run on the mean of the same experiment and seed; null where there is none, and for that run itself. */
  readonly againstMean: CostRatio | null;
}

export type MetricsToWebview = MetricsShow | MetricsAppend | MetricsCost | EmptyMessage;
export type MetricsToHost = ReadyMessage | SelectRunMessage;
