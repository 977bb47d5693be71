/** Messages of the conflict panel. */
import type { ConflictPoint, CosineMatrix, MetricsPoint } from './points.ts';
import type { EmptyMessage, RunChoice, RunHeader, RunMessages } from './run.ts';

export interface ConflictShow {
  readonly type: 'show';
  readonly run: RunHeader;
  readonly choices: readonly RunChoice[];
  readonly points: readonly ConflictPoint[];
  readonly now: CosineMatrix | null;
}

export interface ConflictAppend {
  readonly type: 'append';
  readonly run: RunHeader;
  readonly points: readonly ConflictPoint[];
  readonly now: CosineMatrix | null;
}

export type ConflictToWebview = ConflictShow | ConflictAppend | EmptyMessage;

export const conflictMessages: RunMessages<ConflictShow, ConflictAppend> = {
  show: (run, choices, { points, cosines }) => ({
    type: 'show',
    run,
    choices,
    points: points.map(conflictPoint),
    now: cosines,
  }),
  append: (run, { points, cosines }, since) => ({
    type: 'append',
    run,
    points: points.slice(since.points).map(conflictPoint),
    now: cosines,
  }),
};

function conflictPoint({ weights, effectiveGroups, loss, ...point }: MetricsPoint): ConflictPoint {
  return point;
}
