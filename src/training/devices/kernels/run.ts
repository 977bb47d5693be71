import * as tf from '@tensorflow/tfjs-core';

/** The backends whose kernels we complete. */
export type BackendName = 'wasm' | 'cpu';

/** What tfjs hands to a kernel. */
export interface KernelArguments<Input extends string, Attributes> {
  readonly inputs: Readonly<Record<Input, tf.TensorInfo>>;
  readonly attrs: Attributes;
  readonly backend: tf.KernelBackend;
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
