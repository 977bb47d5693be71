import * as tf from '@tensorflow/tfjs-core';

/** The backends whose kernels we complete. */
export type BackendName = 'wasm' | 'cpu';

/** What tfjs hands to a kernel. */
export interface KernelArguments<Input extends string, Attributes> {
  readonly inputs: Readonly<Record<Input, tf.TensorInfo>>;
  readonly attrs: Attributes;
  readonly backend: tf.KernelBackend;
}

/** What the WASM backend lets us see of its memory; the JavaScript one shows its arrays anyway. */
interface HeapBackend extends tf.KernelBackend {
  typedArrayFromHeap(info: tf.TensorInfo): tf.BackendValues;
}

function isHeap(backend: tf.KernelBackend): backend is HeapBackend {
  return 'typedArrayFromHeap' in backend;
}

/** The values of a float32 tensor where they lie, until the next tensor is made. */
export function floatsOf(backend: tf.KernelBackend, info: tf.TensorInfo): Float32Array {
  return (
    isHeap(backend) ? backend.typedArrayFromHeap(info) : backend.readSync(info.dataId)
  ) as Float32Array;
}

/** A float32 tensor that is still to be filled. */
export function makeFloats(backend: tf.KernelBackend, shape: number[]): tf.TensorInfo {
  // The JavaScript backend keeps the array it is given, the WASM one has room of its own and needs none.
  const values = isHeap(backend) ? null : new Float32Array(tf.util.sizeFromShape(shape));
  const dataId = backend.write(values as unknown as tf.BackendValues, shape, 'float32');
  return { dataId, shape, dtype: 'float32' };
}

/**
 * Runs a kernel below the level of the tape and of memory scopes: a kernel made of kernels.
 * The caller disposes of the result, or returns it.
 */
export function runKernel(
  on: BackendName,
  name: string,
  backend: tf.KernelBackend,
  inputs: Record<string, tf.TensorInfo>,
  attributes: object,
): tf.TensorInfo {
  const attrs = attributes as tf.NamedAttrMap;
  return tf.getKernel(name, on).kernelFunc({ inputs, attrs, backend }) as tf.TensorInfo;
}

/** Puts a kernel in the place of one the backend brings, which the new one may still use. */
export function replaceKernel(
  on: BackendName,
  name: string,
  improve: (original: tf.KernelFunc) => unknown,
): void {
  const original = tf.getKernel(name, on);
  tf.unregisterKernel(name, on);
  tf.registerKernel({ ...original, kernelFunc: improve(original.kernelFunc) as tf.KernelFunc });
}
