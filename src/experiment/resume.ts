import { trainsTransformer } from '../config/data.ts';
import type { Diagnostic } from '../config/diagnostic.ts';
import { expand } from '../config/expand.ts';
import type { ParsedConfig } from '../config/parse.ts';
import { configSchema } from '../config/schema.ts';
import { knownAggregator } from '../engine/aggregators/registry.ts';
import type { Loading } from '../runs/loading.ts';
import type { RunManifest } from '../runs/manifest.ts';
import { resolveRun, resolveRuns } from '../runs/reference.ts';
import { isActive, isResumable } from '../runs/status.ts';
import { RunStore, type RunSummary } from '../runs/store.ts';
import { inputFingerprints } from '../training/fingerprints.ts';
import { closeSession, openSession, type Session } from '../training/session.ts';
import type { TrainingRun } from '../training/trainingLoop.ts';
import { type Launch, OwnedRuns, warningsOf } from './launch.ts';
import { programTrainer } from './programTrainer.ts';
import { recordedConfig } from './recordedConfig.ts';
import type { RunTrainer } from './runTrainer.ts';
import { sessionTrainer } from './sessionTrainer.ts';

/** Settings that may change when a run is resumed: all but `steps` change no result. */
export interface ResumeOptions {
  /** Steps that the runs are to have; more than they had, also of runs that have finished. */
  readonly steps?: number;
  /** The checkpoint that the runs resume from; default: the last one. */
  readonly from?: 'last' | 'best';
  /** `model.checkpointing`, whatever the config says. */
  readonly checkpointing?: boolean;
}

/** Runs cannot be resumed. */
export class ResumeError extends Error {
  override readonly name = 'ResumeError';
}

/**
 * Resumes unfinished runs of one experiment, on the device they began on.
 * @param reference id of a run, or the start of one, or id of an experiment for all its unfinished runs
 * @param root folder that holds `.grain`
 * @throws RunReferenceError if the reference matches no run, or several
 * @throws ResumeError if there is nothing to resume, or data or model have changed
 * @throws ConfigError if config, data and device no longer fit together
 */
export async function launchResumed(
  reference: string,
  root: string,
  options: ResumeOptions,
  onLoading: (loading: Loading) => void,
): Promise<Launch> {
  const store = new RunStore(root);
  const { from: resumeFrom = 'last', steps } = options;
  const meant = resolveRuns(await store.list(), reference);
  const runs = (steps === undefined ? unfinished(meant) : extended(meant, steps)).map((run) => ({
    ...run,
    resumeFrom,
  }));
  const owned = await OwnedRuns.take(runs);
  return releasedOnError(owned, async () => {
    const { manifest } = runs[0]!;
    if (manifest.command) return ofProgram(runs, owned);
    const parsed = parsedFrom(manifest, root, options);
    const trainer = await trainerFor(parsed, manifest, onLoading);
    if (steps !== undefined) {
      for (const run of runs) store.rewrite(run.manifest);
    }
    return {
      trainer,
      runs: withWarnings(parsed, runs),
      owned,
      warnings: steps === undefined ? [] : scheduleWarnings(parsed),
    };
  });
}

interface Handover {
  /** Of the process that owns the run; undefined if none does. */
  readonly token: string | undefined;
  readonly from: 'last' | 'best' | undefined;
}

/**
 * One run whose folder exists, from where it is.
 * @param id of the run
 * @param root folder that holds `.grain`
 * @throws as `launchResumed` does; OwnedError if another process owns the run than the one that hands it over
 */
export async function launchHandedOver(
  id: string,
  root: string,
  { token, from: resumeFrom }: Handover,
  onLoading: (loading: Loading) => void,
): Promise<Launch> {
  const { manifest, folder } = resolveRun(await new RunStore(root).list(), id);
  const run: TrainingRun = { manifest, folder, ...(resumeFrom && { resumeFrom }) };
  const owned = await OwnedRuns.take([run], token);
  return releasedOnError(owned, async () => {
    if (manifest.command) return ofProgram([run], owned);
    const parsed = parsedFrom(manifest, root);
    const trainer = await trainerFor(parsed, manifest, onLoading);
    return { trainer, runs: withWarnings(parsed, [run]), owned, warnings: [] };
  });
}

/** A program runs again, in the same folder; it knows how to resume, or begins anew. */
function ofProgram(runs: readonly TrainingRun[], owned: OwnedRuns): Launch {
  const { command = [], config } = runs[0]!.manifest;
  const { data } = configSchema.shape.concurrency.safeParse(config.concurrency);
  return { trainer: programTrainer(data ?? 1, command), runs, owned, warnings: [] };
}

async function releasedOnError<T>(owned: OwnedRuns, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    owned.releaseAll();
    throw error;
  }
}

async function trainerFor(
  parsed: ParsedConfig,
  manifest: RunManifest,
  onLoading: (loading: Loading) => void,
): Promise<RunTrainer> {
  const session = await openSession(parsed, onLoading);
  try {
    await checkInputs(manifest, session);
    return sessionTrainer(session, parsed);
  } catch (error) {
    await closeSession(session);
    throw error;
  }
}

/** Runs that were queued have not said yet what their methods are warned of. */
function withWarnings(parsed: ParsedConfig, runs: readonly TrainingRun[]): TrainingRun[] {
  const requests = new Map(expand(parsed.config).map((it) => [it.aggregator, it]));
  return runs.map((run) => {
    const request = requests.get(run.manifest.aggregator);
    return request ? { ...run, warnings: warningsOf(parsed, request) } : run;
  });
}

function unfinished(meant: readonly RunSummary[]): RunSummary[] {
  const resumable = meant.filter(({ status }) => isResumable(status));
  if (resumable.length > 0) return resumable;
  const states = meant.map(({ manifest, status }) => `${manifest.id} is ${status}`);
  throw new ResumeError(`nothing to resume: ${states.join(', ')}`);
}

/** Runs that are asked for more steps, with manifests that say so. */
function extended(meant: readonly RunSummary[], steps: number): RunSummary[] {
  const active = meant.filter(({ status }) => isActive(status));
  if (active.length > 0) {
    const states = active.map(({ manifest, status }) => `${manifest.id} is ${status}`);
    throw new ResumeError(`cannot be extended yet: ${states.join(', ')}`);
  }
  const varied = meant.find(
    ({ manifest: { point = {} } }) => 'steps' in point || 'epochs' in point,
  );
  if (varied) {
    throw new ResumeError(
      `${varied.manifest.id} has the steps of its point in the grid. Expected runs whose grid does not vary them, or a grid with more steps`,
    );
  }
  const long = meant.find(({ manifest }) => manifest.steps >= steps);
  if (long) {
    throw new ResumeError(
      `${long.manifest.id} has ${long.manifest.steps} steps. Expected more of them with --steps`,
    );
  }
  return meant.map((run) => {
    const { epochs: _, ...config } = run.manifest.config;
    return { ...run, manifest: { ...run.manifest, steps, config: { ...config, steps } } };
  });
}

function scheduleWarnings(parsed: ParsedConfig): Diagnostic[] {
  const { decay, warmup } = parsed.config.optimizer;
  if (decay === 'none' && warmup === 0) return [];
  return [
    parsed.warning(
      ['optimizer'],
      `the schedule of the learning rate (${decay === 'none' ? 'warmup' : `decay: ${decay}`}) is now that of ${parsed.config.steps} steps, so that the rate jumps where the run had ended`,
      'runs with as many steps from the beginning, if they are to be compared with others',
    ),
  ];
}

function parsedFrom(
  manifest: RunManifest,
  root: string,
  { checkpointing = false }: ResumeOptions = {},
): ParsedConfig {
  const parsed = knownAggregator(manifest.aggregation.name) && recordedConfig(manifest, root);
  if (!parsed) {
    throw new ResumeError(
      `${manifest.id} was written by another trainer or an incompatible version`,
    );
  }
  const { config } = parsed;
  if (checkpointing && !trainsTransformer(config)) {
    throw new ResumeError('--checkpointing is for transformers only. Resume without it.');
  }
  if (checkpointing) config.model.checkpointing = true;
  return parsed;
}

/** @throws ResumeError naming the data and model files that have changed since the run started */
async function checkInputs({ fingerprints }: RunManifest, { task }: Session): Promise<void> {
  const { files, model } = task;
  const inputs = await inputFingerprints(task);
  const parts = ['train', 'validation'] as const;
  const changed = parts.filter((part) => inputs[part] !== fingerprints[part]);
  const names = new Set(changed.flatMap((part) => files[part]));
  if (model !== null && inputs.model !== fingerprints.model) {
    names.add(`${model.folder} (${(await model.files()).join(', ')})`);
  }
  if (names.size === 0) return;
  throw new ResumeError(
    `${[...names].join(' and ')} changed since the run began. Restore what was there, or start a new run.`,
  );
}
