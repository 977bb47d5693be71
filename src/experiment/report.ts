import path from 'node:path';
import { standingAlarms } from '../runs/alarms.ts';
import type { EndEvent } from '../runs/events.ts';
import { formatFailure } from '../runs/failure.ts';
import { formatAlarm, formatCount, formatNumber } from '../runs/format.ts';
import { readEvents } from '../runs/tail.ts';
import type { TrainingRun } from '../training/trainingLoop.ts';
import { alarmsOf } from './alarms/alarmWatch.ts';
import type { Launch } from './launch.ts';
import type { Outcome, Report } from './launchResult.ts';
import { summarise } from './statistics/summary.ts';

export async function reportOf(
  { session, runs, warnings }: Launch,
  ends: readonly EndEvent[],
  seconds: number,
): Promise<Report> {
  const { backend, name } = session.device;
  return {
    experiment: runs[0]!.manifest.experiment,
    device: { backend, name },
    seconds,
    warnings,
    runs: await Promise.all(runs.map((run, i) => outcomeOf(run, ends[i]!))),
  };
}

async function outcomeOf({ manifest, folder }: TrainingRun, end: EndEvent): Promise<Outcome> {
  const { id, aggregator, seed } = manifest;
  const events = await readEvents(folder);
  const validation = events.findLast((event) => event.kind === 'validation');
  return {
    id,
    aggregator,
    seed,
    status: end.status,
    step: end.step,
    metrics: validation?.metrics ?? {},
    folder,
    failure: end.status === 'failed' ? end.failure : null,
    alarms: alarmsOf(manifest, events),
  };
}

/** Exit status: 1 if a run failed, else 130 if one was stopped, else 0. */
export function exitStatusOf({ runs }: Report): number {
  if (runs.some(({ status }) => status === 'failed')) return 1;
  return runs.some(({ status }) => status === 'stopped') ? 130 : 0;
}

/** For people: the results of each aggregator's finished runs on `metric`, then the runs that did not finish, or not well. */
export function reportText({ runs, seconds }: Report, metric: string): string {
  const unfinished = runs.filter(({ status }) => status !== 'finished');
  const aggregators = [...new Set(runs.map(({ aggregator }) => aggregator))];
  return [
    ...aggregators.flatMap((aggregator) => {
      const finals = runs
        .filter((run) => run.aggregator === aggregator && run.status === 'finished')
        .map(({ metrics }) => metrics[metric] ?? Number.NaN);
      if (finals.length === 0) return [];
      const { mean, std, n } = summarise(finals);
      const spread = std === null ? '' : ` ± ${formatNumber(std, 2)}`;
      return `${aggregator}: ${metric} ${formatNumber(mean)}${spread} (${formatCount(n, 'run')})`;
    }),
    ...unfinished.map(
      ({ id, status, failure }) => `${id} ${status}${failure ? `: ${formatFailure(failure)}` : ''}`,
    ),
    ...runs.flatMap(({ id, status, alarms }) =>
      standingAlarms(alarms).map(
        (alarm) => `${id} ${status}, with an alarm (${alarm.rule}): ${formatAlarm(alarm)}`,
      ),
    ),
    `${seconds.toFixed(1)} s; runs are in ${path.dirname(runs[0]!.folder)}`,
  ].join('\n');
}
