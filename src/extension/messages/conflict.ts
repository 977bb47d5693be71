/** Messages of the conflict panel. */
import type { Columns, SeriesName, WindowReply } from './columns.ts';
import type { ConflictPoint, CosineMatrix, MetricsPoint } from './points.ts';
import type { EmptyMessage, RunChoice, RunHeader, RunMessages } from './run.ts';

export interface ConflictAppend {
  readonly type: 'append';
  readonly run: RunHeader;
  readonly steps: Columns | null;
  readonly latest: readonly ConflictPoint[];
  readonly now: CosineMatrix | null;
}

export interface ConflictShow extends Omit<ConflictAppend, 'type' | 'steps'> {
  readonly type: 'show';
  readonly choices: readonly RunChoice[];
  readonly steps: Columns;
}

export type ConflictToWebview = ConflictShow | ConflictAppend | WindowReply | EmptyMessage;

export const conflictSeries: readonly SeriesName[] = [
  'minCosine',
  'violated',
  'conflictRate',
  'meanConflict',
  'updateConflict',
];

export const conflictMessages: RunMessages<ConflictShow, ConflictAppend> = {
  series: () => [...conflictSeries, 'normRatio'],
  sorted: false,
  show: (run, choices, { latest, cosines }, { steps }) => ({
    type: 'show',
    run,
    choices,
    steps,
    latest: latest.map(conflictPoint),
    now: cosines,
  }),
  append: (run, { latest, cosines }, _, window) => ({
    type: 'append',
    run,
    steps: window?.steps ?? null,
    latest: latest.map(conflictPoint),
    now: cosines,
  }),
};

function conflictPoint({ weights, effectiveGroups, loss, ...point }: MetricsPoint): ConflictPoint {
  return point;
}
