import * as tf from '@tensorflow/tfjs-core';

/** What the WASM backend lets us see of its memory. */
interface HeapBackend {
  typedArrayFromHeap?(tensor: tf.Tensor): Float32Array;
}

/**
 * The values of a float32 tensor in this process's memory, where they lie if the backend shows them: to be read at once, for they
 * are valid only until the next tensor is made or disposed of. (`dataSync` of the WASM backend makes a copy each time.)
 */
export function valuesOf(tensor: tf.Tensor): Float32Array {
  const backend = tf.backend() as HeapBackend;
  return backend.typedArrayFromHeap?.(tensor) ?? tensor.dataSync<'float32'>();
}
