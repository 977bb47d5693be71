/** Messages of the metrics view. */
import type { Cost, CostRatio } from '../../runs/cost.ts';
import type { MetricPoint, MetricsPoint } from './points.ts';
import type { EmptyMessage, RunChoice, RunHeader, RunMessages } from './run.ts';

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

/** What a run costs; sent after `show`, and again whenever it has changed. */
export interface MetricsCost {
  readonly type: 'cost';
  /** As in the header of the run. */
  readonly id: string;
  /** `null` before the first step. */
  readonly cost: Cost | null;
  /** Relative to the mean run of the same experiment and seed; `null` if there is none, and for that run itself. */
  readonly againstMean: CostRatio | null;
}

export type MetricsToWebview = MetricsShow | MetricsAppend | MetricsCost | EmptyMessage;

export const metricsMessages: RunMessages<MetricsShow, MetricsAppend> = {
  show: (run, choices, { groupNames, metric, points, validation }) => ({
    type: 'show',
    run,
    choices,
    groupNames,
    metric,
    points,
    validation,
  }),
  append: (run, { points, validation }, since) => ({
    type: 'append',
    run,
    points: points.slice(since.points),
    validation: validation.slice(since.validation),
  }),
};
