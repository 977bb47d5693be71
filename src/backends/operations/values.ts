import * as tf from '@tensorflow/tfjs-core';

/** What the WASM backend lets us see of its memory. */
interface HeapBackend {
  typedArrayFromHeap?(tensor: tf.Tensor): Float32Array;
}

/** Where the values of a float32 tensor lie, to be written there at once; null where the backend does not show it. */
export function placeOf(tensor: tf.Tensor): Float32Array | null {
  return (tf.backend() as HeapBackend).typedArrayFromHeap?.(tensor) ?? null;
}

/**
 * The values of a float32 tensor in this process's memory, where they lie if the backend shows them: to be read at once, for they
 * are valid only until the next tensor is made or disposed of. (`dataSync` of the WASM backend makes a copy each time.)
 */
export function valuesOf(tensor: tf.Tensor): Float32Array {
  return placeOf(tensor) ?? tensor.dataSync<'float32'>();
}
