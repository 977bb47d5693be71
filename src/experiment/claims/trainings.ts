/** The runs of claims, in a folder that keeps them: measuring again, or after a stop, trains only what is missing. */
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { stringify } from 'yaml';
import type { AggregateEntry } from '../../config/aggregation.ts';
import { isActive } from '../../runs/status.ts';
import { RunStore, type RunSummary } from '../../runs/store.ts';
import { launchParsed, parsedFrom } from '../launch.ts';
import { whyUnfinished } from '../seedResults.ts';
import { trainLaunch } from '../trainRuns.ts';

/** A config without methods and seeds; paths in it are absolute. */
export interface ClaimConfig {
  readonly groups: Readonly<Record<string, unknown>>;
  readonly optimizer: Readonly<Record<string, unknown>>;
  readonly [key: string]: unknown;
}

/** A method as it is compared. */
export interface Method {
  readonly name: string;
  readonly entry: AggregateEntry | Readonly<Record<string, unknown>>;
  /** Keys of `optimizer` that it has besides the setting's. */
  readonly optimizer?: Readonly<Record<string, unknown>>;
}

/** What is trained; every key of it decides the folder, or is the same for all runs there. */
export interface Training {
  readonly setting: string;
  readonly config: ClaimConfig;
  readonly methods: readonly Method[];
  /** Default: the config's. */
  readonly learningRate?: number;
}

export interface TrainingsCallbacks {
  isInterrupted(): boolean;
  /** A line about what is being done. */
  note(text: string): void;
}

/** The process was asked to end while it trained. */
export class VerifyStopped extends Error {
  override readonly name = 'VerifyStopped';
}

export class ClaimRuns {
  readonly #root: string;
  readonly #callbacks: TrainingsCallbacks;

  constructor(root: string, callbacks: TrainingsCallbacks) {
    this.#root = root;
    this.#callbacks = callbacks;
  }

  /**
   * The runs of these seeds that have a result, method by method, seed by seed. Those that are missing are trained first.
   * @throws VerifyStopped
   */
  async of(training: Training, seeds: readonly number[]): Promise<RunSummary[]> {
    const folder = path.join(this.#root, trainingFolder(training));
    const { length } = training.methods;
    const before = await endedRuns(folder, seeds);
    const missing = seeds.filter((seed) => before.filter(of(seed)).length < length);
    if (missing.length === 0) return before;
    await deleteUnfinished(folder);
    await this.#train(folder, training, missing);
    return endedRuns(folder, seeds);
  }

  async #train(folder: string, training: Training, seeds: readonly number[]): Promise<void> {
    const { setting, methods } = training;
    const names = methods.map(({ name }) => name).join(', ');
    const config = configOf(training, seeds);
    const rate = (config.optimizer as ClaimConfig['optimizer']).learningRate;
    this.#callbacks.note(
      `${setting}: ${names} at ${rate}, ${seeds.length * methods.length} runs to train`,
    );
    mkdirSync(folder, { recursive: true });
    const file = path.join(folder, 'grain.yaml');
    writeFileSync(file, stringify(config));
    const launch = await launchParsed(parsedFrom(file, {}), folder, () => {});
    const ends = await trainLaunch(launch, {
      onEvent: () => {},
      isInterrupted: this.#callbacks.isInterrupted,
    });
    if (ends.some(({ status }) => status === 'stopped')) {
      throw new VerifyStopped('stopped. What was trained is kept: run the same command again.');
    }
  }
}

/** Runs at the config's own learning rate lie in a folder that is named after the methods alone. */
export function trainingFolder({ setting, config, methods, learningRate }: Training): string {
  const name = methods.map((method) => method.name.replaceAll(/\W+/g, '-')).join('+');
  const isOwn = learningRate === undefined || learningRate === config.optimizer.learningRate;
  return path.join(setting, isOwn ? name : `${name}@${learningRate.toPrecision(2)}`);
}

function configOf(
  { setting, config, methods, learningRate }: Training,
  seeds: readonly number[],
): Record<string, unknown> {
  const own = methods.length === 1 ? methods[0]!.optimizer : {};
  return {
    ...config,
    name: setting.replaceAll('/', ' '),
    optimizer: { ...config.optimizer, ...own, ...(learningRate && { learningRate }) },
    aggregate: methods.map(({ entry }) => entry),
    seeds,
  };
}

function of(seed: number): (run: RunSummary) => boolean {
  return ({ manifest }) => manifest.seed.init === seed;
}

/** Whether a run is one of a method that its aggregator's label names. */
export function isOf(method: string): (run: RunSummary) => boolean {
  return ({ manifest }) => manifest.aggregator === method;
}

async function endedRuns(folder: string, seeds: readonly number[]): Promise<RunSummary[]> {
  const all = await new RunStore(folder).list();
  const ended = all.filter((run) => whyUnfinished(run) === null);
  const methods = [...new Set(ended.map(({ manifest }) => manifest.aggregator))];
  return methods.flatMap((method) =>
    seeds.flatMap((seed) => {
      return ended.filter(of(seed)).find(isOf(method)) ?? [];
    }),
  );
}

/** Of a verification that was stopped: its runs take seconds, and are trained anew. */
async function deleteUnfinished(folder: string): Promise<void> {
  const store = new RunStore(folder);
  for (const run of await store.list()) {
    if (whyUnfinished(run) !== null && !isActive(run.status)) await store.delete(run.manifest.id);
  }
}
