import type { WeightsAppend, WeightsShow } from '../messages/weights.ts';
import { weightsPoint } from './points.ts';
import type { RunMessages } from './runContent.ts';

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
