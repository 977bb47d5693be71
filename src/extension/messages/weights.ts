/** Messages of the weights panel. */
import type { Columns, SeriesName, SortedWeights, WindowReply } from './columns.ts';
import type { BlockWeights, MetricsPoint, WeightsPoint } from './points.ts';
import type { EmptyMessage, Groups, RunChoice, RunHeader, RunMessages } from './run.ts';

export interface WeightsAppend {
  readonly type: 'append';
  readonly run: RunHeader;
  readonly steps: Columns | null;
  readonly latest: readonly WeightsPoint[];
  readonly blocks: BlockWeights | null;
  /** Of steps all over those shown, where groups do not last; `null` for no change. */
  readonly sorted: SortedWeights | null;
}

export interface WeightsShow extends Omit<WeightsAppend, 'type' | 'steps'> {
  readonly type: 'show';
  readonly choices: readonly RunChoice[];
  readonly groups: Groups;
  readonly steps: Columns;
}

export type WeightsToWebview = WeightsShow | WeightsAppend | WindowReply | EmptyMessage;

/** The weights of a step: those of each group where groups last, or else how they are spread. */
export function weightSeries({ names, lasting }: Groups): readonly SeriesName[] {
  const spread: readonly SeriesName[] = [
    ...(['weightMax', 'weightUpperQuartile', 'weightMedian'] as const),
    ...(['weightLowerQuartile', 'weightMin', 'weightZeros'] as const),
  ];
  return lasting
    ? [...names.map((_, group): SeriesName => `groupWeight/${group}`), 'weightMax']
    : spread;
}

export const weightsMessages: RunMessages<WeightsShow, WeightsAppend> = {
  series: (groups) => ['effectiveGroups', ...weightSeries(groups)],
  sorted: true,
  show: (run, choices, { groups, latest, blocks }, window) => ({
    type: 'show',
    run,
    choices,
    groups,
    ...window,
    latest: latest.map(weightsPoint),
    blocks,
  }),
  append: (run, { latest, blocks }, _, window) => ({
    type: 'append',
    run,
    ...(window ?? { steps: null, sorted: null }),
    latest: latest.map(weightsPoint),
    blocks,
  }),
};

function weightsPoint({ step, weights, effectiveGroups }: MetricsPoint): WeightsPoint {
  return { step, weights, effectiveGroups };
}
