import type * as tf from '@tensorflow/tfjs-core';

/** The values of a tensor that nobody needs any more. */
export async function readAndDispose(tensor: tf.Tensor): Promise<Float32Array> {
  try {
    return await tensor.data<'float32'>();
  } finally {
    tensor.dispose();
  }
}
