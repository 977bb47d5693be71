import * as tf from '@tensorflow/tfjs-core';
import type { Operations } from '../backends/operations/operations.ts';
import type { LossShape } from '../config/techniques/description.ts';
import type { TokenBatch } from '../data/tokenBatch.ts';
import type { LayerStack } from './layers/stack.ts';
import {
  groupMeans,
  meanWeights,
  type RowLoss,
  rowLossOf,
  type SupervisedTask,
} from './module/loss.ts';
import type { ParameterSink } from './module/parameter.ts';
import { checkLength, type Dropout, runPass } from './module/pass.ts';
import { shapedLoss } from './module/shapedLoss.ts';

/** A network from the tokens of an example to one row of outputs: logits of classes, or a value. */
export class SequenceModel {
  readonly #operations: Operations;
  readonly #stack: LayerStack;
  readonly #task: SupervisedTask;
  readonly #loss: RowLoss;
  readonly #maxTokens: number;

  /** @param maxTokens maximum number of tokens of an example */
  constructor(operations: Operations, stack: LayerStack, task: SupervisedTask, maxTokens: number) {
    this.#operations = operations;
    this.#stack = stack;
    this.#task = task;
    this.#loss = rowLossOf[task];
    this.#maxTokens = maxTokens;
  }

  /**
   * One forward and backward pass: each group's gradient of its mean loss goes to the sink.
   *
   * @param targets an index of a class or a value for each example
   * @param shape the loss, if it is not the task's own
   * @returns mean loss of each group
   * @throws ModelError for examples that are too long
   */
  async gradients(
    tokens: TokenBatch,
    targets: ArrayLike<number>,
    dropout: Dropout | null,
    sink: ParameterSink,
    shape: LossShape | null = null,
  ): Promise<readonly number[]> {
    checkLength(tokens, this.#maxTokens);
    const weights = meanWeights(tokens.exampleBounds);
    return runPass(this.#operations, tokens, { dropout, sink }, async (pass) => {
      const { y, backward } = this.#stack.forward(pass);
      if (shape) {
        const [, width] = y.shape;
        const outputs = await y.data<'float32'>();
        const inputs = { task: this.#task, outputs, width, targets, bounds: tokens.exampleBounds };
        const { losses, gradient } = shapedLoss(shape, inputs);
        await backward(pass.scope.tidy(() => tf.tensor2d(gradient, y.shape)));
        return losses;
      }
      const { losses, gradient } = pass.scope.tidy(() =>
        this.#loss(this.#operations, y, targets, weights),
      );
      await backward(gradient);
      return groupMeans(await losses.data<'float32'>(), tokens.exampleBounds);
    });
  }

  /**
   * @returns [batch, outputs], row-major
   * @throws ModelError for examples that are too long
   */
  async outputs(tokens: TokenBatch): Promise<Float32Array> {
    checkLength(tokens, this.#maxTokens);
    return runPass(this.#operations, tokens, { dropout: null, sink: null }, async (pass) =>
      this.#stack.forward(pass).y.data<'float32'>(),
    );
  }
}
