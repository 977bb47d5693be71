import * as tf from '@tensorflow/tfjs-core';

/** The backends that get additional kernels. */
export type BackendName = 'wasm' | 'cpu';

/** Arguments that tfjs passes to a kernel. */
export interface KernelArguments<Input extends string, Attributes> {
  readonly inputs: Readonly<Record<Input, tf.TensorInfo>>;
  readonly attrs: Attributes;
  readonly backend: tf.KernelBackend;
}

/** The WASM backend's access to its memory; the JavaScript backend exposes its arrays anyway. */
interface HeapBackend extends tf.KernelBackend {
  typedArrayFromHeap(info: tf.TensorInfo): tf.BackendValues;
}

function isHeap(backend: tf.KernelBackend): backend is HeapBackend {
  return 'typedArrayFromHeap' in backend;
}

/** A view of a float32 tensor's values, valid until the next tensor is made. */
export function floatsOf(backend: tf.KernelBackend, info: tf.TensorInfo): Float32Array {
  return (
    isHeap(backend) ? backend.typedArrayFromHeap(info) : backend.readSync(info.dataId)
  ) as Float32Array;
}

/** An uninitialized float32 tensor. */
export function makeFloats(backend: tf.KernelBackend, shape: number[]): tf.TensorInfo {
  // The JavaScript backend stores the given array; the WASM backend allocates memory itself.
  const values = isHeap(backend) ? null : new Float32Array(tf.util.sizeFromShape(shape));
  const dataId = backend.write(values as unknown as tf.BackendValues, shape, 'float32');
  return { dataId, shape, dtype: 'float32' };
}

/**
 * Runs a kernel outside of the gradient tape and memory scopes, to compose kernels of others. The caller disposes of the result
 * or returns it.
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

/** Replaces a kernel of the backend; the new one may still call it. */
export function replaceKernel(
  on: BackendName,
  name: string,
  improve: (original: tf.KernelFunc) => unknown,
): void {
  const original = tf.getKernel(name, on);
  tf.unregisterKernel(name, on);
  tf.registerKernel({ ...original, kernelFunc: improve(original.kernelFunc) as tf.KernelFunc });
}
