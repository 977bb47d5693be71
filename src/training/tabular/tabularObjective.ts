import * as tf from '@tensorflow/tfjs-core';
import type { LossShape } from '../../config/techniques/description.ts';
import type { TabularData, TabularDataset } from '../../data/dataset.ts';
import { type Group, groupBounds } from '../../data/grouping.ts';
import type { GradientSource, GroupGradient } from '../../nn/module/gradientSource.ts';
import { lossOf, type SupervisedTask } from '../../nn/module/loss.ts';
import type { OnProgress } from '../../nn/module/progress.ts';
import { shapedLoss } from '../../nn/module/shapedLoss.ts';
import { groupGradient, type TrainableNetwork } from '../../nn/small/trainableNetwork.ts';
import { measure, type Outputs } from '../objective/metrics.ts';
import type { Objective, Validation } from '../objective/objective.ts';
import { predictionsOf } from '../objective/predictions.ts';
import { spreadOf } from '../objective/spread.ts';

/** A layers model on examples that are rows of numbers. */
export class TabularObjective implements Objective {
  readonly model: TrainableNetwork;
  readonly #data: TabularData;
  readonly #task: SupervisedTask;
  /** Null: the task's own. */
  readonly #loss: LossShape | null;

  constructor(
    model: TrainableNetwork,
    data: TabularData,
    task: SupervisedTask,
    loss: LossShape | null = null,
  ) {
    this.model = model;
    this.#loss = loss;
    this.#data = data;
    this.#task = task;
  }

  gradients(groups: readonly Group[]): GradientSource {
    const shape = this.#loss;
    return {
      kind: 'separate',
      groups: shape ? this.#shapedGradientsOf(groups, shape) : this.#gradientsOf(groups),
    };
  }

  async validate(onProgress: OnProgress): Promise<Validation> {
    const { validation, shape } = this.#data;
    const outputs = await outputsOf(this.model, validation, shape, onProgress);
    return {
      metrics: measure(this.#task, outputs, validation.targets),
      spread: spreadOf(this.#data, outputs),
      predictions: () => predictionsOf(this.#data, outputs),
    };
  }

  dispose(): void {
    this.model.dispose();
  }

  *#gradientsOf(groups: readonly Group[]): Generator<GroupGradient> {
    for (const group of groups) yield this.#gradientOf(group);
  }

  /** Of a loss that is computed from the outputs, in a forward pass more. */
  async *#shapedGradientsOf(
    groups: readonly Group[],
    shape: LossShape,
  ): AsyncGenerator<GroupGradient> {
    const { train } = this.#data;
    const { values, width } = await this.#outputs(groups);
    const bounds = groupBounds(groups);
    const { losses, gradient } = shapedLoss(shape, {
      task: this.#task,
      outputs: values,
      width,
      targets: groups.flatMap(({ examples }) => Array.from(examples, (at) => train.targets[at]!)),
      bounds,
    });
    for (const [g, { examples }] of groups.entries()) {
      const { x, y } = tensorsOf(train, examples, this.#data.shape);
      const own = gradient.subarray(bounds[g]! * width, bounds[g + 1]! * width);
      const derivative = tf.tensor2d(own, [examples.length, width]);
      try {
        // ∂ Σ sᵢoᵢ by the parameters is the loss's, where s = ∂ℓ/∂o.
        const product = groupGradient(this.model, (o) => tf.sum(tf.mul(o, derivative)), x, y);
        product.loss.dispose();
        yield { loss: tf.scalar(losses[g]!), gradients: product.gradients };
      } finally {
        tf.dispose([x, y, derivative]);
      }
    }
  }

  /** Of all examples of a step, group by group. */
  async #outputs(groups: readonly Group[]): Promise<Outputs> {
    const { train, shape } = this.#data;
    const parts: Float32Array[] = [];
    let width = 0;
    for (const { examples } of groups) {
      const outputs = tf.tidy(() => this.model.apply(tensorsOf(train, examples, shape).x));
      width = outputs.shape[1];
      parts.push(await outputs.data<'float32'>());
      outputs.dispose();
    }
    return { values: Float32Array.from(parts.flatMap((part) => [...part])), width };
  }

  #gradientOf({ examples }: Group): GroupGradient {
    const { x, y } = tensorsOf(this.#data.train, examples, this.#data.shape);
    try {
      return groupGradient(this.model, lossOf[this.#task], x, y);
    } finally {
      tf.dispose([x, y]);
    }
  }
}

/**
 * Some examples as tensors: x [n, …shape] float32; y [n], int32 class indices or float32 values. The caller disposes of both.
 * @param shape of one example
 */
export function tensorsOf(
  { features, targets, width }: TabularDataset,
  examples: Int32Array,
  shape: readonly number[],
): { x: tf.Tensor; y: tf.Tensor1D } {
  const values = new Float32Array(examples.length * width);
  examples.forEach((example, i) => {
    values.set(features.subarray(example * width, (example + 1) * width), i * width);
  });
  const chosen = Array.from(examples, (example) => targets[example]!);
  return tf.tidy(() => ({
    x: tf.tensor(values, [examples.length, ...shape]),
    y: tf.tensor1d(chosen, targets instanceof Int32Array ? 'int32' : 'float32'),
  }));
}

/** Examples per batch in validation: bounds the memory, does not change the result. */
const BATCH = 256;

/**
 * Outputs of the network for every example.
 * @param shape of one example
 * @param onProgress called after every batch
 */
export async function outputsOf(
  model: TrainableNetwork,
  dataset: TabularDataset,
  shape: readonly number[],
  onProgress: OnProgress,
): Promise<Outputs> {
  const parts: Float32Array[] = [];
  for (let start = 0; start < dataset.count; start += BATCH) {
    const size = Math.min(BATCH, dataset.count - start);
    const examples = Int32Array.from({ length: size }, (_, i) => start + i);
    const outputs = tf.tidy(() => model.apply(tensorsOf(dataset, examples, shape).x));
    parts.push(await outputs.data<'float32'>());
    outputs.dispose();
    await onProgress((start + size) / dataset.count);
  }
  const width = parts[0]!.length / Math.min(BATCH, dataset.count);
  const values = new Float32Array(dataset.count * width);
  parts.forEach((part, i) => {
    values.set(part, i * BATCH * width);
  });
  return { values, width };
}
