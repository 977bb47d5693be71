/** Runs of other benches on which nothing is wrong: what raises an alarm on them is a false alarm. */
import { existsSync, readdirSync } from 'node:fs';
import path from 'node:path';
import type { RunEvent } from '../../src/runs/events.ts';
import { readPredictions } from '../../src/runs/predictions.ts';
import { RunStore, type RunSummary } from '../../src/runs/store.ts';
import { readEvents } from '../../src/runs/tail.ts';
import { spreadOfTexts } from '../../src/training/objective/spread.ts';
import { cache } from '../peers/venv.ts';

/** Finished runs of bench/guarantee.ts and bench/probe.ts that are healthy by their method and groups. */
export async function healthyRuns(): Promise<RunSummary[]> {
  const runs: RunSummary[] = [];
  for (const folder of runFolders()) {
    const finished = (await new RunStore(folder).list()).filter((run) => run.status === 'finished');
    runs.push(...finished.filter(isHealthy));
  }
  return runs;
}

function runFolders(): string[] {
  const below = (folder: string) =>
    existsSync(folder) ? readdirSync(folder).map((name) => path.join(folder, name)) : [];
  const folders = [
    ...below(path.join(cache, 'guarantee')).flatMap((setting) =>
      setting.endsWith('.csv') ? [] : below(setting),
    ),
    ...below(path.join(cache, 'probe')),
  ];
  return folders.filter((folder) => existsSync(path.join(folder, '.grain')));
}

const usual: readonly string[] = ['mean', 'mean-norm-matched', 'upgrad', 'grain-normalized'];

/** Not the shortest vector with lasting groups, which may stall, and leaves out groups. */
function isHealthy({ manifest }: RunSummary): boolean {
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
