import { rmSync } from 'node:fs';
import path from 'node:path';
import { readsTexts } from '../config/data.ts';
import { FILE_START } from '../config/diagnostic.ts';
import { ParsedConfig } from '../config/parse.ts';
import { type Config, configSchema } from '../config/schema.ts';
import { knownAggregator } from '../engine/aggregators/registry.ts';
import { runFile } from '../runs/grainFolder.ts';
import type { Loading } from '../runs/loading.ts';
import { aggregationOf, type RunManifest } from '../runs/manifest.ts';
import { referredRuns } from '../runs/reference.ts';
import { isResumable } from '../runs/status.ts';
import { RunStore, type RunSummary } from '../runs/store.ts';
import { inputFingerprints } from '../training/fingerprints.ts';
import { closeSession, openSession, type Session } from '../training/session.ts';
import type { Launch } from './launched.ts';
import { OwnedRuns } from './ownedRuns.ts';

/** What may be said when a run goes on, as it changes no result. */
export interface ResumeOptions {
  /** `model.checkpointing`, whatever the run began with. */
  readonly checkpointing?: boolean;
}

/** What was asked to be resumed cannot be. */
export class ResumeError extends Error {
  override readonly name = 'ResumeError';
}

/**
 * Takes unfinished runs of one experiment up again, on the device they began on.
 * @param reference id of a run, or the start of one, or id of an experiment for all its unfinished runs
 * @param root folder that holds `.grain`
 * @throws RunReferenceError if the reference leads to no run, or to several
 * @throws ResumeError if there is nothing to resume, or data or model are not what they were
 * @throws ConfigError if config, data and device do not go together any more
 */
export async function launchResumed(
  reference: string,
  root: string,
  options: ResumeOptions,
  onLoading: (loading: Loading) => void,
): Promise<Launch> {
  const store = new RunStore(root);
  const runs = unfinished(referredRuns(await store.list(), reference));
  const owned = OwnedRuns.take(runs);
  // Whoever wants the runs to stop from now on means this process: also while it reads the data.
  for (const { folder } of runs) rmSync(runFile(folder, 'stop'), { force: true });
  try {
    const { manifest } = runs[0]!;
    const session = await openSession(parsedFrom(manifest, root, options), onLoading);
    try {
      await checkInputs(manifest, session);
    } catch (error) {
      await closeSession(session);
      throw error;
    }
    return { session, runs, owned };
  } catch (error) {
    owned.releaseAll();
    throw error;
  }
}

function unfinished(meant: readonly RunSummary[]): RunSummary[] {
  const resumable = meant.filter(({ status }) => isResumable(status));
  if (resumable.length > 0) return resumable;
  const states = meant.map(({ manifest, status }) => `${manifest.id} is ${status}`);
  throw new ResumeError(`nothing to resume: ${states.join(', ')}`);
}

function parsedFrom(
  manifest: RunManifest,
  root: string,
  { checkpointing = false }: ResumeOptions,
): ParsedConfig {
  const config = configOf(manifest);
  if (checkpointing && !readsTexts(config.data)) {
    throw new ResumeError('checkpointing is for transformers, and the run trains none');
  }
  if (checkpointing) config.model.checkpointing = true;
  // What came from the hub is what it was then, wherever its branch is now.
  const { model, data } = manifest.sources ?? {};
  if (model !== undefined) config.model.from = model;
  if (data !== undefined) config.data.from = data;
  return new ParsedConfig(config, path.join(root, manifest.configPath), () => FILE_START);
}

/**
 * The manifest holds the config as it was resolved, whatever became of its file; keys that were not known then get their default.
 */
function configOf(manifest: RunManifest): Config {
  const { config, device } = manifest;
  const parsed = configSchema.safeParse({ ...config, device: device.backend });
  if (parsed.success && knownAggregator(aggregationOf(manifest).name)) return parsed.data;
  throw new ResumeError(
    `${manifest.id} was made by another trainer, or by a version too far from this one`,
  );
}

/** @throws ResumeError naming the data and model files that have changed since the run started */
async function checkInputs(
  { fingerprints, sources }: RunManifest,
  { task }: Session,
): Promise<void> {
  const { files, model } = task;
  const inputs = await inputFingerprints(task);
  const parts = ['train', 'validation'] as const;
  const changed = parts.filter((part) => inputs[part] !== fingerprints[part]);
  const names = new Set(changed.map((part) => files[part]));
  // That of a run of old is of other files.
  const isComparable = sources !== undefined && model !== null;
  if (isComparable && inputs.model !== fingerprints.model) {
    names.add(`${model.folder} (${(await model.files()).join(', ')})`);
  }
  if (names.size === 0) return;
  throw new ResumeError(
    `since the run began, other content is in ${[...names].join(' and ')}; put back what was there, or start a new run`,
  );
}
