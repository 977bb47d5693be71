import * as tf from '@tensorflow/tfjs-core';
import type { Bounds, Matrix, Operations } from '../../backends/operations/operations.ts';

/** Mean loss over the examples of a batch: (outputs [n, m], targets [n]) → scalar. */
export type Loss = (outputs: tf.Tensor2D, targets: tf.Tensor1D) => tf.Scalar;

/** Tasks with one output per example; generation has one per token. */
export type SupervisedTask = 'classification' | 'regression';

/** −mean log softmax(logits)[label], in nats; `labels` are int32 class indices. */
const softmaxCrossEntropy: Loss = (logits, labels) => {
  const chosen = tf.oneHot(labels, logits.shape[1]);
  const logLikelihood = tf.sum(tf.mul(chosen, tf.logSoftmax(logits)), 1);
  return tf.neg(tf.mean(logLikelihood));
};

/** mean (output − target)²; the network has one output. */
const meanSquaredError: Loss = (outputs, targets) =>
  tf.mean(tf.square(tf.sub(tf.reshape(outputs, [-1]), targets)));

export const lossOf: Readonly<Record<SupervisedTask, Loss>> = {
  classification: softmaxCrossEntropy,
  regression: meanSquaredError,
};

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

/** As `lossOf`, row by row and with gradients. */
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

/** Each row's weight in the mean over its group: one over the group's size. */
export function meanWeights(bounds: Bounds): Float32Array {
  const weights = new Float32Array(bounds.at(-1)!);
  eachGroup(bounds, (start, end) => weights.fill(1 / (end - start), start, end));
  return weights;
}

/** Mean of each group's rows; 0 for a group without rows. */
export function groupMeans(values: Float32Array, bounds: Bounds): number[] {
  return eachGroup(bounds, (start, end) => {
    const sum = values.subarray(start, end).reduce((total, value) => total + value, 0);
    return sum / Math.max(end - start, 1);
  });
}

export function eachGroup<T>(bounds: Bounds, of: (start: number, end: number) => T): T[] {
  return bounds.slice(1).map((end, group) => of(bounds[group]!, end));
}
