import type { ConflictAppend, ConflictShow } from '../messages/conflict.ts';
import { conflictPoint } from './points.ts';
import type { RunMessages } from './runContent.ts';

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
