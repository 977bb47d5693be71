import path from 'node:path';
import { standingAlarms } from '../runs/alarms.ts';
import type { EndEvent } from '../runs/events.ts';
import { formatFailure } from '../runs/failure.ts';
import { formatAlarm, formatCount } from '../runs/format.ts';
import type { RunManifest } from '../runs/manifest.ts';
import { byCreation } from '../runs/order.ts';
import { RunStore } from '../runs/store.ts';
import type { TrainingRun } from '../training/trainingLoop.ts';
import { evidenceOf, firstPredictions, validatedRun } from './evidence.ts';
import type { Findings } from './findings.ts';
import type { Launch } from './launch.ts';
import type { Outcome, Report } from './launchResult.ts';
import type { ValidatedRun } from './validatedRuns.ts';
import { validationError } from './validationError.ts';
import { verdictOf } from './verdict.ts';
import { formatFigures } from './wording.ts';

/** @param root folder that holds `.grain` */
export async function reportOf(
  { trainer, runs, warnings }: Launch,
  ends: readonly EndEvent[],
  seconds: number,
  root: string,
): Promise<Report> {
  const { experiment, metric } = runs[0]!.manifest;
  // Also of runs that an earlier launch of the experiment trained.
  const all = await validatedRuns(experiment.id, root);
  const findings = await findingsFrom(all, metric.name);
  return {
    experiment,
    device: trainer.device,
    seconds,
    warnings,
    runs: runs.map((run, i) => outcomeOf(run, ends[i]!, all)),
    verdict: verdictOf(findings),
    findings,
  };
}

/** Of all runs of an experiment on disk. */
export async function findingsOnDisk(
  { experiment, metric }: RunManifest,
  root: string,
): Promise<Findings> {
  return findingsFrom(await validatedRuns(experiment.id, root), metric.name);
}

async function findingsFrom(all: readonly ValidatedRun[], metric: string): Promise<Findings> {
  const predictions = await firstPredictions(all.map(({ run }) => run));
  return evidenceOf(all, metric, predictions, validationError);
}

async function validatedRuns(experiment: string, root: string): Promise<ValidatedRun[]> {
  const all = await new RunStore(root).list();
  const runs = all.filter(({ manifest }) => manifest.experiment.id === experiment).sort(byCreation);
  return Promise.all(runs.map(validatedRun));
}

/** @param all what is on disk of the experiment; a run may have been deleted meanwhile */
function outcomeOf(
  { manifest: { id, aggregator, seed }, folder }: TrainingRun,
  end: EndEvent,
  all: readonly ValidatedRun[],
): Outcome {
  const found = all.find(({ run }) => run.manifest.id === id);
  return {
    id,
    aggregator,
    seed,
    status: end.status,
    step: end.step,
    metrics: found?.validations.at(-1)?.metrics ?? {},
    folder,
    failure: end.status === 'failed' ? end.failure : null,
    alarms: found ? [...found.run.alarms] : [],
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
    return `${method}: ${metric} ${formatFigures(figures)} (${formatCount(figures.n, 'run')})`;
  });
}
