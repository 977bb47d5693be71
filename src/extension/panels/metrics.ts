import type { MetricsAppend, MetricsShow } from '../messages/metrics.ts';
import type { RunMessages } from './runContent.ts';

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
