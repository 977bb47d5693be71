import * as tf from '@tensorflow/tfjs-core';
import { packGram } from '../engine/gram.ts';
import type { AggregatorName, Warning } from '../engine/types.ts';
import type { StepEvent } from '../runs/events.ts';
import type { Seed } from '../runs/manifest.ts';
import { type AggregatedStep, StepAggregator } from './aggregateStep.ts';
import { loadCheckpoint, saveCheckpoint, type TrainerState } from './checkpoint.ts';
import { Order } from './data/order.ts';
import { tensorsOf } from './data/tensors.ts';
import { outputsOf } from './evaluate.ts';
import { type GroupGradient, groupGradient } from './gradients.ts';
import { buildGrouping } from './groups/build.ts';
import type { Group, Grouping } from './groups/grouping.ts';
import { lossOf } from './loss.ts';
import type { Outputs } from './metrics.ts';
import type { Model } from './models/model.ts';
import { buildOptimizer } from './optimizers/build.ts';
import type { Optimizer } from './optimizers/optimizer.ts';
import { learningRateAt } from './optimizers/schedule.ts';
import { modelFor, type Session } from './session.ts';

export interface TakenStep {
  /** All of a step event but its time. */
  readonly facts: Omit<StepEvent, 'kind' | 'at'>;
  readonly warnings: readonly Warning[];
}

/** Training cannot go on; the message says at which step and why. */
export class TrainingError extends Error {
  override readonly name = 'TrainingError';
}

/** One run's model, optimizer and order of examples, and what is done with them. */
export class Trainer {
  readonly #session: Session;
  readonly #model: Model;
  readonly #optimizer: Optimizer;
  readonly #aggregator: StepAggregator;
  readonly #grouping: Grouping;
  readonly #order: Order;

  private constructor(session: Session, model: Model, aggregator: AggregatorName, seed: Seed) {
    const { config, data } = session;
    this.#session = session;
    this.#model = model;
    this.#optimizer = buildOptimizer(config.optimizer);
    this.#aggregator = new StepAggregator(session.engine, session.device, {
      aggregator,
      zeroGroups: config.zeroGroups,
    });
    this.#grouping = buildGrouping(config.groups, data, seed.order);
    this.#order = new Order(data.train.count, config.batchSize, seed.order);
  }

  static async create(session: Session, aggregator: AggregatorName, seed: Seed): Promise<Trainer> {
    return new Trainer(session, await modelFor(session, seed.init), aggregator, seed);
  }

  /**
   * One optimizer step.
   * @param step 1-based
   * @throws TrainingError if a group's loss is not finite; the weights are then as they were
   */
  async step(step: number): Promise<TakenStep> {
    const { config } = this.#session;
    const learningRate = learningRateAt(step, config.steps, config.optimizer);
    const groups = this.#grouping.split(step, this.#order.batch(step));
    const sizes = groups.map(({ examples }) => examples.length);

    const started = performance.now();
    const gradients = groups.map((group) => this.#gradientOf(group));
    const differentiated = performance.now();
    const aggregated = await this.#aggregator.aggregate(gradients, sizes);
    const aggregatedAt = performance.now();
    try {
      this.#checkLosses(step, groups, aggregated);
      if (aggregated.gradients) {
        this.#optimizer.step(this.#model.trainable, aggregated.gradients, learningRate);
      }
    } finally {
      tf.dispose([...(aggregated.gradients ?? [])]);
    }
    const updated = performance.now();

    const facts = {
      step,
      learningRate,
      groups: groups.map(({ index }) => index),
      sizes,
      losses: Array.from(aggregated.losses),
      gram: packGram(aggregated.gram, groups.length),
      weights: Array.from(aggregated.weights),
      ms: {
        gradients: differentiated - started,
        aggregate: aggregatedAt - differentiated,
        update: updated - aggregatedAt,
      },
    };
    return { facts, warnings: aggregated.warnings };
  }

  /** Outputs for the validation examples, in their order. */
  validate(): Promise<Outputs> {
    const { data } = this.#session;
    return outputsOf(this.#model, data.validation, data.shape);
  }

  /** @returns name of the checkpoint's folder inside `folder`. */
  save(folder: string, state: TrainerState, best: boolean): Promise<string> {
    return saveCheckpoint(folder, { model: this.#model, optimizer: this.#optimizer, state }, best);
  }

  /** Goes back to the last checkpoint in `folder`; null if there is none. */
  load(folder: string): Promise<TrainerState | null> {
    return loadCheckpoint(folder, { model: this.#model, optimizer: this.#optimizer }, 'last');
  }

  dispose(): void {
    this.#model.dispose();
    this.#optimizer.dispose();
  }

  #gradientOf({ examples }: Group): GroupGradient {
    const { config, data } = this.#session;
    const { x, y } = tensorsOf(data.train, examples, data.shape);
    try {
      return groupGradient(this.#model, lossOf[config.task], x, y);
    } finally {
      tf.dispose([x, y]);
    }
  }

  #checkLosses(step: number, groups: readonly Group[], { losses }: AggregatedStep): void {
    const bad = losses.findIndex((loss) => !Number.isFinite(loss));
    if (bad < 0) return;
    const name = this.#grouping.names[groups[bad]!.index];
    throw new TrainingError(
      `step ${step}: the loss of group ${name} is ${losses[bad]}; a lower optimizer.learningRate, a warmup or data.standardize may help`,
    );
  }
}
