import * as tf from '@tensorflow/tfjs-core';
import type { TableData } from '../../data/dataset.ts';
import type { Group } from '../../data/grouping.ts';
import type { GradientSource, GroupGradient } from '../../nn/module/gradientSource.ts';
import { lossOf, type SupervisedTask } from '../../nn/module/loss.ts';
import type { OnProgress } from '../../nn/module/onProgress.ts';
import type { TrainableNetwork } from '../../nn/small/build.ts';
import { groupGradient } from '../../nn/small/gradients.ts';
import { measure } from '../objective/metrics.ts';
import type { Objective, Validation } from '../objective/objective.ts';
import { predictionsOf } from '../objective/predictions.ts';
import { outputsOf } from './outputs.ts';
import { tensorsOf } from './tensors.ts';

/** A layers model on examples that are rows of numbers. */
export class TabularObjective implements Objective {
  readonly model: TrainableNetwork;
  readonly #data: TableData;
  readonly #task: SupervisedTask;

  constructor(model: TrainableNetwork, data: TableData, task: SupervisedTask) {
    this.model = model;
    this.#data = data;
    this.#task = task;
  }

  gradients(groups: readonly Group[]): GradientSource {
    return { kind: 'separate', groups: this.#gradientsOf(groups) };
  }

  async validate(onProgress: OnProgress): Promise<Validation> {
    const { validation, shape } = this.#data;
    const outputs = await outputsOf(this.model, validation, shape, onProgress);
    return {
      metrics: measure(this.#task, outputs, validation.targets),
      predictions: () => predictionsOf(this.#data, outputs),
    };
  }

  dispose(): void {
    this.model.dispose();
  }

  *#gradientsOf(groups: readonly Group[]): Generator<GroupGradient> {
    for (const group of groups) yield this.#gradientOf(group);
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
