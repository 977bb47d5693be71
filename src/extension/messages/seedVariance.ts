import type { RunStatus } from '../../runs/status.ts';
import type { EmptyMessage, ReadyMessage } from './common.ts';

export interface MetricPoint {
  readonly step: number;
  readonly value: number;
}

export interface SeedCurve {
  readonly runId: string;
  readonly seed: string;
  readonly status: RunStatus;
  readonly points: readonly MetricPoint[];
}

/** Mean and sample standard deviation over the seeds that have reached the step. */
export interface BandPoint {
  readonly step: number;
  readonly mean: number;
  /** `null` for fewer than two seeds. */
  readonly std: number | null;
  readonly n: number;
}

/** Of the last value of each finished seed; `null` for none finished. */
export interface FinalSummary {
  readonly mean: number;
  readonly std: number | null;
  readonly min: number;
  readonly max: number;
  readonly n: number;
}

export interface AggregatorSeries {
  readonly aggregator: string;
  readonly seeds: readonly SeedCurve[];
  readonly band: readonly BandPoint[];
  readonly final: FinalSummary | null;
}

export interface ExperimentChoice {
  readonly id: string;
  readonly label: string;
}

/** Validations are few, so each update carries the whole picture; the webview patches its charts in place. */
export interface SeedVarianceShow {
  readonly type: 'show';
  readonly experiment: ExperimentChoice;
  readonly choices: readonly ExperimentChoice[];
  readonly metric: string;
  /** Whether more of the metric is better; `null` where the runs do not say. */
  readonly better: 'higher' | 'lower' | null;
  readonly metrics: readonly string[];
  readonly series: readonly AggregatorSeries[];
}

export interface SelectExperimentMessage {
  readonly type: 'selectExperiment';
  readonly id: string;
}

export interface SelectMetricMessage {
  readonly type: 'selectMetric';
  readonly metric: string;
}

export interface SeedVarianceState {
  readonly experimentId: string;
  readonly metric: string;
}

export type SeedVarianceToWebview = SeedVarianceShow | EmptyMessage;
export type SeedVarianceToHost = ReadyMessage | SelectExperimentMessage | SelectMetricMessage;
