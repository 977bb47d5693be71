/** Runs of bench/guarantee.ts, most of which are healthy: what raises an alarm on those is a false alarm. */
import { existsSync, readdirSync, statSync } from 'node:fs';
import path from 'node:path';
import type { RunEvent } from '../../src/runs/events.ts';
import { readPredictions } from '../../src/runs/predictions.ts';
import { RunStore, type RunSummary } from '../../src/runs/store.ts';
import { readEvents } from '../../src/runs/tail.ts';
import { spreadOfTexts } from '../../src/training/objective/spread.ts';
import { settings } from '../guarantee/settings.ts';
import { cache } from '../peers/venv.ts';

/** All that have finished. */
export async function loggedRuns(): Promise<RunSummary[]> {
  const runs: RunSummary[] = [];
  for (const setting of foldersIn(path.join(cache, 'guarantee'))) {
    for (const method of foldersIn(setting)) runs.push(...(await new RunStore(method).list()));
  }
  return runs.filter(({ status }) => status === 'finished');
}

function foldersIn(folder: string): string[] {
  if (!existsSync(folder)) return [];
  const paths = readdirSync(folder).map((name) => path.join(folder, name));
  return paths.filter((each) => statSync(each).isDirectory());
}

/** Accuracy, of five digits. */
const CONSTANT = 0.25;

const usual: readonly string[] = ['mean', 'mean-norm-matched', 'upgrad', 'grain-normalized'];

/** No better than a constant prediction, or hardly. */
export function hasFailed({ manifest, lastMetric }: RunSummary): boolean {
  const setting = settings.find(({ name }) => name === manifest.experiment.name);
  return !((lastMetric?.value ?? Number.NaN) > (setting?.baseline ?? CONSTANT));
}

/** Neither failed, nor the shortest vector with lasting groups, which may stall, and leaves out groups. */
export function isHealthy(run: RunSummary): boolean {
  if (hasFailed(run)) return false;
  const { manifest } = run;
  const { name } = manifest.aggregation;
  return usual.includes(name) || (name === 'grain' && manifest.groups.by === 'microbatch');
}

/** The log, with what its last validation says of predictions: logs from before rules knew of them lack it. */
export async function eventsOf({ folder, manifest }: RunSummary): Promise<RunEvent[]> {
  const events = await readEvents(folder);
  const last = events.findLastIndex((event) => event.kind === 'validation');
  const validation = events[last];
  if (validation?.kind !== 'validation' || validation.spread) return events;
  const predictions = await readPredictions(folder);
  if (manifest.task !== 'classification' || !predictions) return events;
  const spread = spreadOfTexts(
    predictions.map(({ prediction }) => String(prediction)),
    predictions.map(({ target }) => String(target)),
  );
  return events.toSpliced(last, 1, { ...validation, spread });
}
