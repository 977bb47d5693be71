/** Messages of the weights panel. */
import type { BlockWeights, MetricsPoint, WeightsPoint } from './points.ts';
import type { EmptyMessage, RunChoice, RunHeader, RunMessages } from './run.ts';

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

export const weightsMessages: RunMessages<WeightsShow, WeightsAppend> = {
  show: (run, choices, { groupNames, points, blocks }) => ({
    type: 'show',
    run,
    choices,
    groupNames,
    points: points.map(weightsPoint),
    blocks,
  }),
  append: (run, { points, blocks }, since) => ({
    type: 'append',
    run,
    points: points.slice(since.points).map(weightsPoint),
    blocks,
  }),
};

function weightsPoint({ step, weights, effectiveGroups }: MetricsPoint): WeightsPoint {
  return { step, weights, effectiveGroups };
}
