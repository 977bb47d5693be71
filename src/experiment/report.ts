import path from 'node:path';
import { standingAlarms } from '../runs/alarms.ts';
import type { EndEvent } from '../runs/events.ts';
import { formatFailure } from '../runs/failure.ts';
import { formatAlarm, formatCount } from '../runs/format.ts';
import { byCreation } from '../runs/order.ts';
import { RunStore } from '../runs/store.ts';
import { readEvents } from '../runs/tail.ts';
import type { TrainingRun } from '../training/trainingLoop.ts';
import { alarmsOf } from './alarms/alarmWatch.ts';
import { evidenceOf, firstPredictions, validatedRun } from './evidence.ts';
import type { Findings } from './findings.ts';
import type { Launch } from './launch.ts';
import type { Outcome, Report } from './launchResult.ts';
import { validationError } from './validationError.ts';
import { verdictOf } from './verdict.ts';
import { decimalsFor, fixed } from './wording.ts';

/** @param root folder that holds `.grain` */
export async function reportOf(
  { session, runs, warnings }: Launch,
  ends: readonly EndEvent[],
  seconds: number,
  root: string,
): Promise<Report> {
  const { backend, name } = session.device;
  const { experiment } = runs[0]!.manifest;
  const findings = await findingsOfExperiment(experiment.id, root);
  return {
    experiment,
    device: { backend, name },
    seconds,
    warnings,
    runs: await Promise.all(runs.map((run, i) => outcomeOf(run, ends[i]!))),
    verdict: verdictOf(findings),
    findings,
  };
}

/** Also over runs that an earlier launch of the experiment trained. */
async function findingsOfExperiment(id: string, root: string): Promise<Findings> {
  const all = await new RunStore(root).list();
  const runs = all.filter(({ manifest }) => manifest.experiment.id === id).sort(byCreation);
  const validated = await Promise.all(runs.map(validatedRun));
  const metric = runs[0]!.manifest.metric.name;
  return evidenceOf(validated, metric, await firstPredictions(runs), validationError);
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

/** For people: the verdict, figures of each method, and the runs that did not finish, or not well. */
export function reportText({ runs, seconds, verdict, findings }: Report): string {
  const unfinished = runs.filter(({ status }) => status !== 'finished');
  return [
    ...verdict.words,
    '',
    ...methodLines(findings),
    ...unfinished.map(
      ({ id, status, failure }) => `${id} ${status}${failure ? `: ${formatFailure(failure)}` : ''}`,
    ),
    ...runs.flatMap(({ id, status, alarms }) =>
      standingAlarms(alarms).map(
        (alarm) => `${id} ${status}, with an alarm (${alarm.rule}): ${formatAlarm(alarm)}`,
      ),
    ),
    ...(verdict.notes.length > 0 ? ['', ...verdict.notes] : []),
    '',
    `${seconds.toFixed(1)} s; runs are in ${path.dirname(runs[0]!.folder)}`,
  ].join('\n');
}

/** "grain: accuracy 0.869 ± 0.015 (5 runs)". */
function methodLines({ methods, metric }: Findings): string[] {
  return methods.flatMap(({ method, figures }) => {
    if (!figures) return [];
    const { mean, std, n } = figures;
    const decimals = decimalsFor(std ?? 0);
    const spread = std === null ? '' : ` ± ${fixed(std, decimals)}`;
    return `${method}: ${metric} ${fixed(mean, decimals)}${spread} (${formatCount(n, 'run')})`;
  });
}
