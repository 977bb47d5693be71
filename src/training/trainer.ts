import * as tf from '@tensorflow/tfjs-core';
import { uniformInt } from 'pure-rand/distribution/uniformInt';
import { packGram } from '../engine/gram.ts';
import type { Warning } from '../engine/types.ts';
import type { Aggregation } from '../experiment/aggregation.ts';
import type { StepEvent } from '../runs/events.ts';
import type { Seed } from '../runs/manifest.ts';
import { parameterBlocks } from './aggregation/blocks.ts';
import { measureChange } from './aggregation/change.ts';
import { type AggregatedStep, StepAggregator } from './aggregation/step.ts';
import { loadCheckpoint, saveCheckpoint, type TrainerState } from './checkpoint.ts';
import { Order } from './data/order.ts';
import { randomFor } from './data/random.ts';
import { tensorsOf } from './data/tensors.ts';
import { outputsOf } from './evaluate.ts';
import { type GroupGradient, groupGradient } from './gradients.ts';
import { buildGrouping } from './groups/build.ts';
import type { Group, Grouping } from './groups/grouping.ts';
import { lossOf } from './loss.ts';
import type { Outputs } from './metrics.ts';
import type { Model } from './models/model.ts';
import { AdamW } from './optimizers/adamw.ts';
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

/** Wall time of the parts of a step, in milliseconds. Gradients may be asked for all at once or one by one. */
class StepClock {
  readonly #started = performance.now();
  #gradients = 0;
  #aggregatedAt = 0;

  *watch<T, G>(groups: readonly T[], gradientOf: (group: T) => G): Generator<G> {
    for (const group of groups) {
      const started = performance.now();
      const gradient = gradientOf(group);
      this.#gradients += performance.now() - started;
      yield gradient;
    }
  }

  aggregated(): void {
    this.#aggregatedAt = performance.now();
  }

  read(): StepEvent['ms'] {
    return {
      gradients: this.#gradients,
      aggregate: this.#aggregatedAt - this.#started - this.#gradients,
      update: performance.now() - this.#aggregatedAt,
    };
  }
}

/** One run's model, optimizer and order of examples, and what is done with them. */
export class Trainer {
  readonly #session: Session;
  readonly #model: Model;
  readonly #optimizer: Optimizer;
  readonly #aggregator: StepAggregator;
  readonly #grouping: Grouping;
  readonly #order: Order;
  readonly #seed: Seed;

  private constructor(session: Session, model: Model, aggregation: Aggregation, seed: Seed) {
    const { config, data } = session;
    this.#session = session;
    this.#model = model;
    this.#seed = seed;
    const optimizer = buildOptimizer(config.optimizer, session.device.adamw);
    this.#optimizer = optimizer;
    this.#aggregator = new StepAggregator(session.engine, session.device, {
      aggregation,
      blocks: parameterBlocks(
        model.layers,
        model.trainable.map(({ size }) => size),
      ),
      ...(optimizer instanceof AdamW && {
        preconditioner: (gradients, shares) =>
          optimizer.prepare(model.trainable, gradients, shares),
      }),
    });
    this.#grouping = buildGrouping(config.groups, data, seed.order);
    this.#order = new Order(data.train.count, config.batchSize, seed.order);
  }

  static async create(session: Session, aggregation: Aggregation, seed: Seed): Promise<Trainer> {
    return new Trainer(session, await modelFor(session, seed.init), aggregation, seed);
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

    const clock = new StepClock();
    const aggregated = await this.#aggregator.aggregate(
      clock.watch(groups, (group) => this.#gradientOf(group)),
      {
        sizes,
        groups: groups.map(({ index }) => index),
        seed: uniformInt(randomFor('lots', this.#seed.order, step), 0, 0x7fffffff),
      },
    );
    clock.aggregated();
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
        ms: clock.read(),
      };
      return { facts, warnings: aggregated.warnings };
    } finally {
      aggregated.dispose();
    }
  }

  /** Outputs for the validation examples, in their order. */
  validate(): Promise<Outputs> {
    const { data } = this.#session;
    return outputsOf(this.#model, data.validation, data.shape);
  }

  /** @returns name of the checkpoint's folder inside `folder`. */
  save(folder: string, progress: TrainerState, best: boolean): Promise<string> {
    const { memory } = this.#aggregator;
    const state = { ...progress, ...(memory && { memory }) };
    return saveCheckpoint(folder, { model: this.#model, optimizer: this.#optimizer, state }, best);
  }

  /** Goes back to the last checkpoint in `folder`; null if there is none. */
  async load(folder: string): Promise<TrainerState | null> {
    const content = { model: this.#model, optimizer: this.#optimizer };
    const state = await loadCheckpoint(folder, content, 'last');
    this.#aggregator.memory = state?.memory;
    return state;
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

  /** Moves the parameters. @returns how they moved; null if the gradients to measure that against are gone */
  async #update({ gradients, measure }: AggregatedStep, learningRate: number) {
    const { trainable } = this.#model;
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
    throw new TrainingError(
      `step ${step}: the loss of group ${name} is ${losses[bad]}; a lower optimizer.learningRate, a warmup or data.standardize may help`,
    );
  }
}
