import * as tf from '@tensorflow/tfjs-core';

/** Lets tensors go if the work on them fails. */
export async function orDispose<T>(
  tensors: readonly tf.Tensor[],
  work: () => Promise<T>,
): Promise<T> {
  try {
    return await work();
  } catch (error) {
    tf.dispose([...tensors]);
    throw error;
  }
}
