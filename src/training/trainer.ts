import { uniformInt } from 'pure-rand/distribution/uniformInt';
import { isOutOfMemory } from '../backends/interface/deviceErrors.ts';
import { readsTexts } from '../config/data.ts';
import { competenceOf } from '../config/techniques/registry.ts';
import type { BatchOrder } from '../data/batchOrder.ts';
import { buildBatchOrder } from '../data/batchOrder.ts';
import type { Group, Grouping } from '../data/grouping.ts';
import { buildGrouping } from '../data/grouping.ts';
import { packGram } from '../engine/gram.ts';
import { keyedRandom } from '../engine/keyedRandom.ts';
import type { AggregationSettings, Warning } from '../engine/types.ts';
import { type NameOf, namedMessage, ZeroGroupError } from '../engine/unusableGroups.ts';
import type { OnProgress } from '../nn/module/progress.ts';
import type { StepEvent } from '../runs/events.ts';
import type { Seed } from '../runs/manifest.ts';
import {
  type LoadedCheckpoint,
  type LoadOptions,
  loadCheckpoint,
  type SaveOptions,
  saveCheckpoint,
  type TrainingState,
} from './checkpoints.ts';
import { DeviceSampler } from './deviceSampler.ts';
import { TrainingError } from './failures.ts';
import type { Learner, PendingStep } from './learner.ts';
import type { Validation } from './objective/objective.ts';
import { learningRateAt } from './optimizers/fromConfig.ts';
import type { Session } from './session.ts';
import { StepMeter } from './stepMeter.ts';

export interface StepResult {
  /** The step event without its time. */
  readonly facts: Omit<StepEvent, 'kind' | 'at'>;
  readonly warnings: readonly Warning[];
}

/** Trains one run step by step: its order of examples, their groups, and a learner. */
export class Trainer {
  readonly #session: Session;
  readonly #learner: Learner;
  readonly #grouping: Grouping;
  readonly #order: BatchOrder;
  readonly #seed: Seed;
  readonly #sampler: DeviceSampler;

  private constructor(
    session: Session,
    learner: Learner,
    { techniques = {} }: AggregationSettings,
    seed: Seed,
  ) {
    const { config } = session;
    const { data } = session.task;
    this.#session = session;
    this.#learner = learner;
    this.#seed = seed;
    this.#sampler = new DeviceSampler(session.device);
    this.#grouping = buildGrouping(config.groups, data, seed.order);
    const competence = competenceOf(techniques, config.steps);
    this.#order = buildBatchOrder(config, data.train, seed.order, competence);
  }

  /** @throws Error of the device, if the model does not fit into its memory */
  static async create(
    session: Session,
    aggregation: AggregationSettings,
    seed: Seed,
  ): Promise<Trainer> {
    const { config, engine, task } = session;
    const learner = await task.learner({ config, engine, aggregation, seed });
    return new Trainer(session, learner, aggregation, seed);
  }

  /** What the user is to know before the first step. */
  get warnings(): readonly string[] {
    return this.#learner.warnings ?? [];
  }

  /**
   * One optimizer step. If it fails, all its tensors are disposed of; some parameters may have changed already.
   *
   * @param step 1-based
   * @throws TrainingError if a group's loss is not finite; the parameters are then unchanged
   * @throws Error that the device reported, during the step or later
   */
  async step(step: number): Promise<StepResult> {
    const { config } = this.#session;
    const learningRate = learningRateAt(step, config.steps, config.optimizer);
    const { facts, warnings } = await this.#step(step, this.#groupsOf(step), learningRate);
    const device = this.#sampler.next();
    return { facts: { ...facts, ...(device && { device }) }, warnings };
  }

  /** Size of a step: number of examples, tokens of the longest one (null if they are not texts) and number of groups. */
  batchOf(step: number): { examples: number; tokens: number | null; groups: number } {
    const batch = this.#order.batch(step);
    const { lengths } = this.#session.task.data.train;
    return {
      examples: batch.length,
      tokens: lengths ? Math.max(...batch.map((example) => lengths[example]!)) : null,
      groups: this.#groupsOf(step).length,
    };
  }

  /**
   * Whether a step with `size` of its examples, those with the most tokens, fits into memory. Runs the step with a learning rate of
   * 0: the parameters do not change, but the states of optimizer and aggregator do.
   */
  async fits(step: number, size: number): Promise<boolean> {
    const { lengths } = this.#session.task.data.train;
    const batch = this.#order.batch(step).slice();
    if (lengths) batch.sort((a, b) => lengths[b]! - lengths[a]!);
    try {
      await this.#step(step, this.#grouping.split(step, batch.subarray(0, size)), 0);
      return true;
    } catch (error) {
      if (isOutOfMemory(error)) return false;
      throw error;
    }
  }

  #groupsOf(step: number): Group[] {
    return this.#grouping.split(step, this.#order.batch(step));
  }

  #tokensOf(groups: readonly Group[]): Pick<StepEvent, 'tokens'> {
    const { lengths } = this.#session.task.data.train;
    if (!lengths) return {};
    const ofGroup = ({ examples }: Group) =>
      examples.reduce((sum, example) => sum + lengths[example]!, 0);
    return { tokens: groups.reduce((sum, group) => sum + ofGroup(group), 0) };
  }

  async #step(step: number, groups: readonly Group[], learningRate: number): Promise<StepResult> {
    const sizes = groups.map(({ examples }) => examples.length);
    const meter = new StepMeter();
    const nameOf = (group: number) => this.#grouping.names[groups[group]!.index]!;
    const options = {
      sizes,
      groups: groups.map(({ index }) => index),
      // The name is part of the seed: another one would change every random number.
      seed: uniformInt(keyedRandom('lots', this.#seed.order, step), 0, 0x7fffffff),
    };
    const aggregated = await this.#learner
      .aggregate(groups, step, options, meter)
      .catch((error: unknown) => {
        throw error instanceof ZeroGroupError ? zeroGroup(step, error, nameOf) : error;
      });
    meter.aggregated();
    try {
      this.#checkLosses(step, groups, aggregated);
      const update = await aggregated.update(learningRate);
      const { gram, weights, blocks, direct, streaming } = aggregated;
      const k = groups.length;
      const facts = {
        step,
        learningRate,
        groups: groups.map(({ index }) => index),
        sizes,
        ...this.#tokensOf(groups),
        losses: Array.from(aggregated.losses),
        gram: gram && packGram(gram, k),
        weights: weights && Array.from(weights),
        ...(blocks && {
          blocks: blocks.map(({ name, ...block }) => ({
            name,
            gram: packGram(block.gram, k),
            weights: Array.from(block.weights),
          })),
        }),
        ...(direct && { direct }),
        ...(streaming && { streaming }),
        ...update,
        ...meter.read(),
      };
      const warnings = aggregated.warnings.map((warning) => ({
        ...warning,
        message: namedMessage(warning, nameOf),
      }));
      return { facts, warnings };
    } finally {
      await aggregated.dispose();
    }
  }

  validate(onProgress: OnProgress): Promise<Validation> {
    return this.#learner.validate(onProgress);
  }

  /** @returns name of the checkpoint's folder inside `folder` */
  save(
    folder: string,
    progress: TrainingState,
    options: Pick<SaveOptions, 'best' | 'assertHeld'>,
  ): Promise<string> {
    const learner = this.#learner;
    const { memory } = learner;
    const state = { ...progress, ...(memory && { memory }) };
    const { keepCheckpoints } = this.#session.config;
    return saveCheckpoint(folder, learner, state, {
      ...options,
      keep: keepCheckpoints === 'best' ? 1 : keepCheckpoints,
      check: () => learner.check?.(),
    });
  }

  /**
   * Restores a checkpoint in `folder`; null if there is none.
   *
   * @throws CheckpointError if all are damaged
   * @throws Error of the device, if it does not fit into memory
   */
  async load(folder: string, options: LoadOptions = {}): Promise<LoadedCheckpoint | null> {
    const loaded = await loadCheckpoint(folder, this.#learner, options);
    this.#learner.memory = loaded?.state.memory;
    return loaded;
  }

  dispose(): void {
    this.#learner.dispose();
  }

  #checkLosses(step: number, groups: readonly Group[], { losses }: PendingStep): void {
    const bad = losses.findIndex((loss) => !Number.isFinite(loss));
    if (bad < 0) return;
    const name = this.#grouping.names[groups[bad]!.index];
    const scaling = readsTexts(this.#session.config.data) ? '' : ' or data.standardize';
    throw new TrainingError({
      code: 'nonFiniteLoss',
      message: `Step ${step}: the loss of group ${name} is ${losses[bad]}`,
      advice: `Try a lower optimizer.learningRate, a longer optimizer.warmup${scaling}.`,
    });
  }
}

function zeroGroup(step: number, { groups }: ZeroGroupError, nameOf: NameOf): TrainingError {
  const { message } = new ZeroGroupError(groups, nameOf);
  return new TrainingError({
    code: 'zeroGroup',
    message: `Step ${step}: ${message}`,
    advice: 'With zeroGroups: drop, a new run leaves such groups out.',
  });
}
