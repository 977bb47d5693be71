import { rmSync } from 'node:fs';
import { checkFiles } from '../config/checkFiles.ts';
import { type Diagnostic, explain } from '../config/diagnostic.ts';
import { expand, type RunRequest } from '../config/expand.ts';
import { type ParsedConfig, parseConfigFile } from '../config/parse.ts';
import type { AggregatorName } from '../engine/types.ts';
import { runFile } from '../runs/grainFolder.ts';
import type { Loading } from '../runs/loading.ts';
import { type Ownership, takeOwnership } from '../runs/owner.ts';
import { RunStore } from '../runs/store.ts';
import type { TrainingRun } from '../training/trainingLoop.ts';
import { type ManifestOptions, manifestsOf } from './manifests.ts';
import { prepare } from './preparation.ts';
import type { RunTrainer } from './runTrainer.ts';

/** Runs that this process is to train, and what they share. */
export interface Launch {
  readonly trainer: RunTrainer;
  readonly runs: readonly TrainingRun[];
  readonly owned: OwnedRuns;
  /** What is valid in the config and its data, and was measured to do harm or is hardly meant. */
  readonly warnings: readonly Diagnostic[];
}

/** Settings that the command line overrides. */
export interface Overrides {
  readonly seed?: readonly number[];
  readonly aggregate?: readonly AggregatorName[];
  readonly steps?: number;
  /** Address of a Ray cluster; recorded, so that the runs also resume there. */
  readonly ray?: string;
}

/**
 * Checks a config and its data, then creates the folders of its runs. Nothing is written before.
 * @param root folder that holds `.grain`, or will
 * @throws ConfigError for mistakes in the config or the data
 */
export async function launchFresh(
  file: string,
  overrides: Overrides,
  root: string,
  onLoading: (loading: Loading) => void,
): Promise<Launch> {
  return launchParsed(parsedFrom(file, overrides), root, onLoading);
}

/**
 * As {@link launchFresh}, of a config that was read and whose files were found.
 */
export async function launchParsed(
  parsed: ParsedConfig,
  root: string,
  onLoading: (loading: Loading) => void,
  options: Pick<ManifestOptions, 'rates' | 'tunes' | 'experiment'> = {},
): Promise<Launch> {
  const preparation = await prepare(parsed, onLoading);
  const { trainer, notices } = preparation;
  try {
    const requests = expand(parsed.config);
    const manifests = await manifestsOf(parsed, preparation, requests, { root, ...options });
    const folders = new RunStore(root).createAll(manifests);
    const runs = manifests.map((manifest, i) => ({
      manifest,
      folder: folders[i]!.path,
      warnings: warningsOf(parsed, requests[i]!),
    }));
    const warnings = [...parsed.warnings, ...notices];
    return { trainer, runs, owned: await OwnedRuns.take(runs), warnings };
  } catch (error) {
    await trainer.close();
    throw error;
  }
}

/** A config and its files, checked, with what the command line overrides. @throws ConfigError */
export function parsedFrom(file: string, { seed, aggregate, steps, ray }: Overrides): ParsedConfig {
  const parsed = parseConfigFile(file);
  checkFiles(parsed);
  const { steps: _, epochs: __, ...rest } = parsed.config.grid ?? {};
  const grid = Object.keys(rest).length > 0 ? rest : undefined;
  return parsed.with({
    ...(seed && { seeds: [...seed] }),
    ...(aggregate && { aggregate: [...new Set(aggregate)] }),
    ...(steps && { steps, epochs: undefined }),
    ...(steps && parsed.config.grid && { grid }),
    ...(ray && { ray: { cpus: 1, gpus: 0, ...parsed.config.ray, address: ray } }),
  });
}

/** What the method of a run is warned of. */
export function warningsOf(parsed: ParsedConfig, { point, entry }: RunRequest): string[] {
  return parsed.at(point).warningsOf(entry).map(explain);
}

/** The runs that this process owns, each until it is released. */
export class OwnedRuns {
  readonly #ownerships = new Map<string, Ownership>();

  /**
   * Takes ownership of all of them, or of none. Those that resume may have an old request to stop: only one from then on is meant
   * for this process.
   * @param from token of the process that hands them over: then a request to stop is as new as the handover
   * @throws OwnedError if a live process owns one of them
   */
  static async take(runs: readonly TrainingRun[], from?: string): Promise<OwnedRuns> {
    const owned = new OwnedRuns();
    const attempts = await Promise.allSettled(runs.map((run) => owned.#take(run, from)));
    const refused = attempts.find((attempt) => attempt.status === 'rejected');
    if (refused) {
      owned.releaseAll();
      throw refused.reason;
    }
    for (const { folder, resumeFrom } of runs) {
      if (resumeFrom && from === undefined) rmSync(runFile(folder, 'stop'), { force: true });
    }
    return owned;
  }

  /** @throws OwnershipLostError if another process has taken over the run */
  assertHeld({ folder }: TrainingRun): void {
    this.#ownerships.get(folder)?.assertHeld();
  }

  /** Whether no other process has taken over the run. */
  isHeld({ folder }: TrainingRun): boolean {
    return this.#ownerships.get(folder)?.isHeld() ?? true;
  }

  /** Token with which another process takes the run from this one; undefined if this one does not own it. */
  tokenOf({ folder }: TrainingRun): string | undefined {
    return this.#ownerships.get(folder)?.token;
  }

  /** Owns a run again that was handed over. @throws OwnedError if a live process owns it, also the one that took it */
  async retake(run: TrainingRun): Promise<void> {
    if (this.#ownerships.get(run.folder)?.isHeld()) return;
    this.release(run);
    await this.#take(run);
  }

  /** Lets another process own the run. */
  release({ folder }: TrainingRun): void {
    this.#ownerships.get(folder)?.release();
    this.#ownerships.delete(folder);
  }

  async #take({ folder }: TrainingRun, from?: string): Promise<void> {
    this.#ownerships.set(folder, await takeOwnership(folder, from));
  }

  releaseAll(): void {
    for (const ownership of this.#ownerships.values()) ownership.release();
    this.#ownerships.clear();
  }
}
