import * as tf from '@tensorflow/tfjs-core';
import type { Dataset } from '../../data/dataset.ts';

/**
 * Some examples as tensors: x [n, …shape] float32; y [n], int32 class indices or float32 values. The caller disposes of both.
 * @param shape of one example
 */
export function tensorsOf(
  { features, targets, width }: Dataset,
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
