/** Messages of the metrics view. */
import type { Cost, CostRatio } from '../../runs/cost.ts';
import type { Columns, SeriesName, WindowReply } from './columns.ts';
import { conflictSeries } from './conflict.ts';
import type { MetricPoint, MetricsPoint } from './points.ts';
import type { EmptyMessage, Groups, RunChoice, RunHeader, RunMessages } from './run.ts';
import { weightSeries } from './weights.ts';

export interface MetricsAppend {
  readonly type: 'append';
  readonly run: RunHeader;
  readonly steps: Columns | null;
  readonly latest: readonly MetricsPoint[];
  /** Only the new ones. */
  readonly validation: readonly MetricPoint[];
}

export interface MetricsShow extends Omit<MetricsAppend, 'type' | 'steps'> {
  readonly type: 'show';
  readonly choices: readonly RunChoice[];
  readonly groups: Groups;
  readonly metric: string;
  readonly steps: Columns;
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

export type MetricsToWebview =
  | MetricsShow
  | MetricsAppend
  | MetricsCost
  | WindowReply
  | EmptyMessage;

/** Drawn in the section below the strip. */
const costSeries: readonly SeriesName[] = [
  ...(['learningRate', 'meanNorm', 'norm', 'examples', 'tokens'] as const),
  ...(['gradientsMs', 'aggregateMs', 'updateMs', 'resident', 'tensors'] as const),
  ...(['deviceMemory', 'processorUse', 'deviceUse'] as const),
];

export const metricsMessages: RunMessages<MetricsShow, MetricsAppend> = {
  series: (groups) => [
    'loss',
    ...weightSeries(groups),
    ...conflictSeries,
    ...costSeries,
    ...(groups.lasting ? groups.names.map((_, group): SeriesName => `groupNorm/${group}`) : []),
  ],
  sorted: false,
  show: (run, choices, { groups, metric, latest, validation }, { steps }) => ({
    type: 'show',
    run,
    choices,
    groups,
    metric,
    steps,
    latest,
    validation,
  }),
  append: (run, { latest, validation }, since, window) => ({
    type: 'append',
    run,
    steps: window?.steps ?? null,
    latest,
    validation: validation.slice(since.validation),
  }),
};
