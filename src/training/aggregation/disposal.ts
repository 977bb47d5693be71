import * as tf from '@tensorflow/tfjs-core';

/** Reads a tensor's values and disposes of it. */
export async function readAndDispose(tensor: tf.Tensor): Promise<Float32Array> {
  try {
    return await tensor.data<'float32'>();
  } finally {
    tensor.dispose();
  }
}

/** Disposes of the tensors if the work with them fails. */
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
