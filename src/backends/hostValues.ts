import * as tf from '@tensorflow/tfjs-core';

/** The WASM backend exposes its memory; the others have no such method. */
interface HeapBackend {
  typedArrayFromHeap?(tensor: tf.Tensor): Float32Array;
}

/** A writable view of a float32 tensor's values, valid until the next tensor is made; null if the backend exposes none. */
export function heapView(tensor: tf.Tensor): Float32Array | null {
  return (tf.backend() as HeapBackend).typedArrayFromHeap?.(tensor) ?? null;
}

/**
 * The values of a float32 tensor in this process's memory, without a copy if the backend exposes them: read them at once, since
 * they are valid only until the next tensor is made or disposed of. (`dataSync` of the WASM backend always copies.)
 */
export function valuesOf(tensor: tf.Tensor): Float32Array {
  return heapView(tensor) ?? tensor.dataSync<'float32'>();
}
