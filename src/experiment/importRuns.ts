/** Runs of other tools, from the event files that they wrote for TensorBoard, to compare with ours. */
import { readdirSync, statSync } from 'node:fs';
import path from 'node:path';
import { hasCode } from '../config/errors.ts';
import type { RunEvent } from '../runs/events.ts';
import { EventWriter } from '../runs/eventWriter.ts';
import { FORMAT_VERSION, type RunManifest } from '../runs/manifest.ts';
import { newExperimentId, runId } from '../runs/newId.ts';
import { RunStore } from '../runs/store.ts';
import { scalarsIn } from '../runs/tensorboard/eventFile.ts';
import { type ImportedSeries, methodAndSeed, rankingIn, seriesIn } from './importedSeries.ts';

export interface ImportOptions {
  /** Folder that holds `.grain`, or will. */
  readonly root: string;
  /** Of the experiment that the runs become; default: the name of the folder. */
  readonly name?: string;
  /** Of all runs; default: from the names of their folders. */
  readonly method?: string;
  /** Tag of the training loss. */
  readonly loss?: string;
  /** The metric that ranks. */
  readonly metric?: string;
}

/** There is nothing to import. */
export class ImportError extends Error {
  override readonly name = 'ImportError';
}

/** A run as TensorBoard sees it: a folder with event files. */
interface ReadRun {
  /** Its folder, relative to the one that is imported. */
  readonly name: string;
  /** By step, ascending: when something was last logged there, and the values by tag. */
  readonly steps: readonly (readonly [number, { readonly at: number; readonly values: Values }])[];
  readonly tags: readonly string[];
}

type Values = ReadonlyMap<string, number>;

/**
 * Reads all event files below a folder, each folder of them as a run, and stores these as runs of one experiment. Nothing is
 * stored if any file is damaged.
 *
 * @throws EventFileError with the offset, if a file is damaged
 * @throws ImportError if there are no event files, no scalars, or not the tags asked for
 */
export async function importRuns(
  folder: string,
  { root, name = path.basename(path.resolve(folder)), method, loss, metric }: ImportOptions,
): Promise<RunManifest[]> {
  const read: ReadRun[] = [];
  for (const [at, files] of eventFolders(folder)) read.push(await readRun(folder, at, files));
  const runs = read.filter(({ tags }) => tags.length > 0);
  const tags = [...new Set(runs.flatMap((run) => run.tags))];
  if (read.length === 0) {
    throw new ImportError(
      `There are no event files in ${folder}. Expected files with "tfevents" in their names, there or in folders below.`,
    );
  }
  if (tags.length === 0) throw new ImportError(`The event files in ${folder} hold no scalars.`);
  if (loss !== undefined && !tags.includes(loss)) {
    throw new ImportError(`No run has a series "${loss}". Expected one of ${tags.join(', ')}.`);
  }
  const now = new Date();
  const experiment = { id: newExperimentId(name, now), name };
  const labels = labelsOf(runs, method ?? null, name);
  const manifests = runs.map((run, i) => {
    const series = seriesIn(run.tags, loss);
    const ranking = rankingIn([...series.metrics.values()], metric);
    return {
      run,
      series,
      manifest: manifestOf(run, labels[i]!, { experiment, now, ranking, folder, root }),
    };
  });
  const folders = new RunStore(root).createAll(manifests.map(({ manifest }) => manifest));
  for (const [i, { run, series }] of manifests.entries()) write(folders[i]!.path, run, series);
  return manifests.map(({ manifest }) => manifest);
}

/** Event files by their folder, in the order of their names, which begin with their time. */
function eventFolders(folder: string): Map<string, string[]> {
  let names: string[];
  try {
    names = readdirSync(folder, { recursive: true, encoding: 'utf8' });
  } catch (error) {
    if (!hasCode(error, 'ENOENT') && !hasCode(error, 'ENOTDIR')) throw error;
    throw new ImportError(`There is no folder ${folder}.`, { cause: error });
  }
  const files = names
    .filter((name) => path.basename(name).includes('tfevents'))
    .map((name) => path.join(folder, name))
    .filter((file) => statSync(file).isFile())
    .sort();
  return Map.groupBy(files, (file) => path.dirname(file));
}

/** What is logged again of a step, by a run that was resumed, replaces what was there. */
async function readRun(folder: string, at: string, files: readonly string[]): Promise<ReadRun> {
  const steps = new Map<number, { at: number; values: Map<string, number> }>();
  const tags = new Set<string>();
  for (const file of files) {
    for await (const scalar of scalarsIn(file)) {
      const step = steps.get(scalar.step) ?? { at: scalar.at, values: new Map() };
      step.at = Math.max(step.at, scalar.at);
      step.values.set(scalar.tag, scalar.value);
      steps.set(scalar.step, step);
      tags.add(scalar.tag);
    }
  }
  const sorted = [...steps].sort(([one], [other]) => one - other);
  return { name: path.relative(folder, at), steps: sorted, tags: [...tags] };
}

/** Method and seed of each run; where two would be the same, the folder is the method. */
function labelsOf(runs: readonly ReadRun[], method: string | null, experiment: string) {
  const found = runs.map(({ name }) => {
    const named = methodAndSeed(name);
    return { method: method ?? (named.method || experiment), seed: named.seed };
  });
  return found.map((label, i) => {
    const isAlone = found.every(
      (other, j) => i === j || other.method !== label.method || other.seed !== label.seed,
    );
    if (isAlone) return { method: label.method, seed: label.seed ?? 0 };
    return method === null
      ? { method: runs[i]!.name || experiment, seed: label.seed ?? 0 }
      : { method, seed: i };
  });
}

function manifestOf(
  { name, steps }: ReadRun,
  { method, seed }: { readonly method: string; readonly seed: number },
  about: {
    readonly experiment: RunManifest['experiment'];
    readonly now: Date;
    readonly ranking: RunManifest['metric'];
    readonly folder: string;
    readonly root: string;
  },
): RunManifest {
  const { experiment, now, ranking, folder, root } = about;
  const pair = { init: seed, order: seed };
  return {
    format: FORMAT_VERSION,
    id: runId(experiment.id, method, pair),
    experiment,
    createdAt: now.toISOString(),
    aggregator: method,
    aggregation: {
      ...{ name: 'imported', parameters: {}, metric: 'euclidean', smoothing: 0 },
      ...{ zeroGroups: 'drop', guard: null },
    },
    seed: pair,
    steps: steps.at(-1)![0],
    task: 'imported',
    groups: { by: 'imported', names: ['all'] },
    metric: ranking,
    configPath: path.relative(root, path.join(folder, name)).split(path.sep).join('/'),
    config: {},
    fingerprints: {},
    sources: {},
    device: { backend: 'tensorboard', name: 'imported from TensorBoard' },
    versions: {},
  };
}

/** Training losses as steps of one group of which nothing else is known, all other series as metrics of validations. */
function write(folder: string, { steps }: ReadRun, { loss, rate, metrics }: ImportedSeries): void {
  const writer = EventWriter.open(folder);
  const [first, last] = [steps[0]!, steps.at(-1)!];
  let before = first[1].at;
  let learningRate = 0;
  const all: RunEvent[] = [{ kind: 'start', at: before, pid: 0, fromStep: 0 }];
  for (const [step, { at, values }] of steps) {
    learningRate = (rate === null ? undefined : values.get(rate)) ?? learningRate;
    const value = loss === null ? undefined : values.get(loss);
    if (value !== undefined) {
      all.push({
        ...{ kind: 'step', at, step, learningRate, groups: [0], sizes: [1] },
        losses: [finite(value)],
        ...{ gram: null, weights: null },
        ms: { gradients: at - before, aggregate: 0, update: 0 },
      });
      before = at;
    }
    const measured = [...metrics].flatMap(([tag, name]) => {
      const metric = values.get(tag);
      return metric === undefined ? [] : [[name, finite(metric)] as const];
    });
    if (measured.length > 0) {
      all.push({ kind: 'validation', at, step, metrics: Object.fromEntries(measured) });
    }
  }
  all.push({ kind: 'end', at: last[1].at, step: last[0], status: 'finished' });
  try {
    for (const event of all) writer.append(event);
  } finally {
    writer.close();
  }
}

function finite(value: number): number | null {
  return Number.isFinite(value) ? value : null;
}
