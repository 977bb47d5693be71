import * as tf from '@tensorflow/tfjs-core';
import type { Matrix, Operations } from '../backends/operations/operations.ts';
import type { SupervisedTask } from './module/loss.ts';

/**
 * Loss of each row of outputs [n, m], and its gradient [n, m] times the row's weight.
 *
 * @param targets length n: indices of classes, or values
 */
export type RowLoss = (
  operations: Operations,
  outputs: Matrix,
  targets: ArrayLike<number>,
  weights: Float32Array,
) => { readonly losses: tf.Tensor1D; readonly gradient: Matrix };

/** As `lossOf`, row by row and with the way back. */
export const rowLossOf: Readonly<Record<SupervisedTask, RowLoss>> = {
  classification: ({ crossEntropy }, logits, labels, weights) =>
    crossEntropy(logits, Int32Array.from(labels), weights),
  regression: (_, outputs, targets, weights) =>
    tf.tidy(() => {
      const column = (values: ArrayLike<number>) =>
        tf.tensor2d(Float32Array.from(values), [targets.length, 1]);
      const difference = tf.sub(outputs, column(targets));
      const losses = tf.reshape(tf.square(difference), [-1]) as tf.Tensor1D;
      return { losses, gradient: tf.mul(difference, column(weights.map((weight) => 2 * weight))) };
    }),
};
