import * as tf from '@tensorflow/tfjs-core';

/** Mean loss over the examples of a batch: (outputs [n, m], targets [n]) → scalar. */
export type Loss = (outputs: tf.Tensor2D, targets: tf.Tensor1D) => tf.Scalar;

/** With an output per example; generation has one per token. */
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
