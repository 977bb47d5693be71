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
  // The WASM backend accepts null here, but the type does not say so.
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

/** A kernel with the types of its arguments. */
export type Kernel<Arguments> = (args: Arguments) => tf.TensorInfo;

/** tfjs types the arguments of all kernels alike, so a cast is needed to give each its own. */
export function kernelFunc<Arguments>(kernel: Kernel<Arguments>): tf.KernelFunc {
  return kernel as unknown as tf.KernelFunc;
}

/** Replaces a kernel of the backend; the new one may still call it. */
export function replaceKernel<Arguments>(
  on: BackendName,
  name: string,
  improve: (original: Kernel<Arguments>) => Kernel<Arguments>,
): void {
  const original = tf.getKernel(name, on);
  tf.unregisterKernel(name, on);
  // As in `kernelFunc`, the other way round.
  const improved = improve(original.kernelFunc as unknown as Kernel<Arguments>);
  tf.registerKernel({ ...original, kernelFunc: kernelFunc(improved) });
}
