import * as tf from '@tensorflow/tfjs-core';

/** The values of a tensor that nobody needs any more. */
export async function readAndDispose(tensor: tf.Tensor): Promise<Float32Array> {
  try {
    return await tensor.data<'float32'>();
  } finally {
    tensor.dispose();
  }
}

/** Lets tensors go if the work on them fails. */
export async function disposeOnError<T>(
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
