import { uniformInt } from 'pure-rand/distribution/uniformInt';
import { checked } from '../backends/operations/checked.ts';
import { isOutOfMemory } from '../backends/operations/outOfMemory.ts';
import type { Aggregation } from '../config/aggregation.ts';
import { readsTexts } from '../config/data.ts';
import type { BatchOrder } from '../data/batchOrder.ts';
import { buildBatchOrder } from '../data/batchOrder.ts';
import type { Group, Grouping } from '../data/grouping.ts';
import { buildGrouping } from '../data/grouping.ts';
import { packGram } from '../engine/gram.ts';
import { seededRandom } from '../engine/seededRandom.ts';
import type { Warning } from '../engine/types.ts';
import type { OnProgress } from '../nn/module/onProgress.ts';
import type { StepEvent } from '../runs/events.ts';
import { failureText, type RunFailure } from '../runs/failure.ts';
import type { Seed } from '../runs/manifest.ts';
import type { AggregatedStep } from './aggregation/aggregatedStep.ts';
import { parameterBlocks } from './aggregation/blocks.ts';
import { measureChange } from './aggregation/products.ts';
import { StepAggregator } from './aggregation/stepAggregator.ts';
import { loadCheckpoint, saveCheckpoint, type TrainingState } from './checkpoints.ts';
import type { Objective, Validation } from './objective/objective.ts';
import { AdamW } from './optimizers/adamw.ts';
import { buildOptimizer, learningRateAt } from './optimizers/fromConfig.ts';
import type { Optimizer, Preconditioned } from './optimizers/optimizer.ts';
import { shortageInOpening } from './outOfMemoryAdvice.ts';
import type { Session } from './session.ts';
import { StepMeter } from './stepMeter.ts';

export interface StepResult {
  /** All of a step event but its time. */
  readonly facts: Omit<StepEvent, 'kind' | 'at'>;
  readonly warnings: readonly Warning[];
}

/** Training cannot go on; the message says at which step and why. */
export class TrainingError extends Error {
  override readonly name = 'TrainingError';
  readonly failure: RunFailure;

  constructor(failure: RunFailure) {
    super(failureText(failure));
    this.failure = failure;
  }
}

/** What one run minimises, its optimizer and order of examples, and what is done with them. */
export class Trainer {
  readonly #session: Session;
  readonly #objective: Objective;
  readonly #optimizer: Optimizer;
  /** The optimizer, if it can prepare steps. */
  readonly #preconditioned: Preconditioned | null;
  readonly #aggregator: StepAggregator;
  readonly #grouping: Grouping;
  readonly #order: BatchOrder;
  readonly #seed: Seed;

  private constructor(
    session: Session,
    objective: Objective,
    aggregation: Aggregation,
    seed: Seed,
  ) {
    const { config } = session;
    const { data } = session.task;
    this.#session = session;
    this.#objective = objective;
    this.#seed = seed;
    const { layers, trainable } = objective.model;
    // tfjs keeps packed copies of a convolution's filter for as long as its tensor is the same: not to be changed in place.
    const inPlace = readsTexts(config.data) ? session.device.adamw : undefined;
    const optimizer = buildOptimizer(config.optimizer, inPlace);
    this.#optimizer = optimizer;
    const preconditioned = optimizer instanceof AdamW ? optimizer : null;
    this.#preconditioned = preconditioned;
    this.#aggregator = new StepAggregator(session.engine, session.device, {
      aggregation,
      blocks: parameterBlocks(
        layers,
        trainable.map(({ size }) => size),
      ),
      shapes: trainable.map(({ shape }) => shape),
      ...(preconditioned && {
        preconditioner: (gradients, shares) => preconditioned.prepare(trainable, gradients, shares),
      }),
    });
    this.#grouping = buildGrouping(config.groups, data, seed.order);
    this.#order = buildBatchOrder(config, data.train, seed.order);
  }

  /** @throws TrainingError if the device has no room for the model */
  static async create(session: Session, aggregation: Aggregation, seed: Seed): Promise<Trainer> {
    const objective = await withRoom('model', session, () =>
      session.task.objective(session.device, seed),
    );
    return new Trainer(session, objective, aggregation, seed);
  }

  /**
   * One optimizer step. Where it fails, no tensor of it is left; what is trained may have moved in part.
   * @param step 1-based
   * @throws TrainingError if a group's loss is not finite; the weights are then as they were
   * @throws Error that the device told of, at once or afterwards
   */
  async step(step: number): Promise<StepResult> {
    const { config } = this.#session;
    const learningRate = learningRateAt(step, config.steps, config.optimizer);
    try {
      return await this.#take(step, this.#groupsOf(step), learningRate);
    } catch (error) {
      this.#preconditioned?.discardPrepared();
      throw error;
    }
  }

  /** What goes through a step: examples, tokens of the longest of them if they are texts, and groups. */
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
   * Whether there is room for a step with so many of its examples, those with the most tokens. It is taken, with a learning rate
   * of 0: the parameters stay, but the memories of optimizer and aggregator do not.
   */
  async fits(step: number, size: number): Promise<boolean> {
    const { lengths } = this.#session.task.data.train;
    const batch = this.#order.batch(step).slice();
    if (lengths) batch.sort((a, b) => lengths[b]! - lengths[a]!);
    try {
      await this.#take(step, this.#grouping.split(step, batch.subarray(0, size)), 0);
      return true;
    } catch (error) {
      if (isOutOfMemory(error)) return false;
      throw error;
    }
  }

  #groupsOf(step: number): Group[] {
    return this.#grouping.split(step, this.#order.batch(step));
  }

  #take(step: number, groups: readonly Group[], learningRate: number): Promise<StepResult> {
    return checked(this.#session.device, () => this.#go(step, groups, learningRate));
  }

  async #go(step: number, groups: readonly Group[], learningRate: number): Promise<StepResult> {
    const sizes = groups.map(({ examples }) => examples.length);

    const meter = new StepMeter();
    const aggregated = await this.#aggregator.aggregate(
      meter.watch(this.#objective.gradients(groups, step)),
      {
        sizes,
        groups: groups.map(({ index }) => index),
        seed: uniformInt(seededRandom('lots', this.#seed.order, step), 0, 0x7fffffff),
      },
    );
    meter.aggregated();
    try {
      this.#checkLosses(step, groups, aggregated);
      const update = await this.#update(aggregated, learningRate);
      const { gram, weights, blocks, direct, streaming } = aggregated;
      const k = groups.length;
      const facts = {
        step,
        learningRate,
        groups: groups.map(({ index }) => index),
        sizes,
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
        update,
        ...meter.read(),
      };
      return { facts, warnings: aggregated.warnings };
    } finally {
      aggregated.dispose();
    }
  }

  validate(onProgress: OnProgress): Promise<Validation> {
    return checked(this.#session.device, () => this.#objective.validate(onProgress));
  }

  /** @returns name of the checkpoint's folder inside `folder`. */
  save(folder: string, progress: TrainingState, best: boolean): Promise<string> {
    const { memory } = this.#aggregator;
    const state = { ...progress, ...(memory && { memory }) };
    const { config, device } = this.#session;
    const check = () => device.check?.();
    return saveCheckpoint(
      folder,
      { ...this.#content, state },
      { best, keep: config.keepCheckpoints, check },
    );
  }

  /**
   * Goes back to the last checkpoint in `folder`; null if there is none.
   * @throws TrainingError if the device has no room for it
   */
  async load(folder: string): Promise<TrainingState | null> {
    const state = await withRoom('checkpoint', this.#session, () =>
      loadCheckpoint(folder, this.#content),
    );
    this.#aggregator.memory = state?.memory;
    return state;
  }

  dispose(): void {
    this.#objective.dispose();
    this.#optimizer.dispose();
  }

  get #content() {
    return { model: this.#objective.model, optimizer: this.#optimizer };
  }

  /** Moves the parameters. @returns how they moved; null if the gradients to measure that against are gone */
  async #update({ gradients, measure }: AggregatedStep, learningRate: number) {
    const { trainable } = this.#objective.model;
    const move = () => {
      if (gradients) this.#optimizer.step(trainable, gradients, learningRate);
    };
    if (measure) return measureChange(measure, trainable, move);
    move();
    return null;
  }

  #checkLosses(step: number, groups: readonly Group[], { losses }: AggregatedStep): void {
    const bad = losses.findIndex((loss) => !Number.isFinite(loss));
    if (bad < 0) return;
    const name = this.#grouping.names[groups[bad]!.index];
    throw new TrainingError({
      code: 'nonFiniteLoss',
      message: `step ${step}: the loss of group ${name} is ${losses[bad]}`,
      advice: 'A lower optimizer.learningRate, a warmup or data.standardize may help.',
    });
  }
}

/** Has the device hold what a run starts from. */
async function withRoom<T>(
  what: 'model' | 'checkpoint',
  session: Session,
  work: () => Promise<T>,
): Promise<T> {
  try {
    return await checked(session.device, work);
  } catch (error) {
    if (!isOutOfMemory(error)) throw error;
    throw new TrainingError(shortageInOpening(what, error, session));
  }
}
