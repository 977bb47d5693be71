import type { WeightsAppend, WeightsShow } from '../messages/weights.ts';
import { weightsPoint } from './points.ts';
import type { RunMessages } from './runContent.ts';

export const weightsMessages: RunMessages<WeightsShow, WeightsAppend> = {
  show: (run, choices, { groupNames, points }) => ({
    type: 'show',
    run,
    choices,
    groupNames,
    points: points.map(weightsPoint),
  }),
  append: (run, { points }, since) => ({
    type: 'append',
    run,
    points: points.slice(since.points).map(weightsPoint),
  }),
};
