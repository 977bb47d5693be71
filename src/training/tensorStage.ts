import type * as tf from '@tensorflow/tfjs-core';
import type { Device } from '../backends/device.ts';
import { resolvedAggregation } from '../config/aggregation.ts';
import type { AggregationSettings } from '../engine/types.ts';
import type { GradientSource } from '../nn/module/gradientSource.ts';
import type { Model } from '../nn/module/model.ts';
import { parameterBlocks } from './aggregation/blocks.ts';
import { chosenGradients } from './aggregation/chosenGradients.ts';
import { StepAggregator } from './aggregation/stepAggregator.ts';
import type { LearnerOptions } from './learner.ts';
import type { Preconditioned } from './optimizers/optimizer.ts';

/** What a stage of a run trains, all variables of a model or its head's, and the aggregators of their gradients. */
export class TensorStage {
  readonly variables: readonly tf.Variable[];
  readonly aggregator: StepAggregator;
  /** Of the gradient of the batch's mean loss, from the groups'. */
  readonly mean: StepAggregator;
  readonly #device: Device;
  readonly #options: LearnerOptions;
  /** Indices into `model.trainable`; null: all. */
  readonly #chosen: readonly number[] | null;
  readonly #parts: Pick<ConstructorParameters<typeof StepAggregator>[2], 'blocks' | 'shapes'>;

  /** @param preconditioned the optimizer, if it has a diagonal preconditioner */
  constructor(
    device: Device,
    options: LearnerOptions,
    { trainable, layers, head }: Model,
    preconditioned: Preconditioned | null,
    isHead: boolean,
  ) {
    this.#device = device;
    this.#options = options;
    const chosen = isHead ? head : trainable.map((_, index) => index);
    this.#chosen = isHead ? head : null;
    const variables = chosen.map((index) => trainable[index]!);
    this.variables = variables;
    this.#parts = {
      blocks: parameterBlocks(
        layers.flatMap(({ name, variables: all }) => {
          const own = all.map((index) => chosen.indexOf(index)).filter((place) => place >= 0);
          return own.length > 0 ? [{ name, variables: own }] : [];
        }),
        variables.map(({ size }) => size),
      ),
      shapes: variables.map(({ shape }) => shape),
    };
    this.aggregator = this.#aggregatorOf(options.aggregation, preconditioned);
    this.mean = this.#aggregatorOf(resolvedAggregation('mean', 'drop'), null);
  }

  /** The gradients of what is trained. */
  gradients(source: GradientSource): GradientSource {
    return this.#chosen ? chosenGradients(source, this.#chosen) : source;
  }

  #aggregatorOf(
    aggregation: AggregationSettings,
    preconditioned: Preconditioned | null,
  ): StepAggregator {
    return new StepAggregator(this.#options.engine, this.#device, {
      ...this.#parts,
      aggregation,
      ...(preconditioned && {
        preconditioner: (gradients, shares) =>
          preconditioned.prepare(this.variables, gradients, shares),
      }),
    });
  }
}
