import type { BackendWasm } from '@tensorflow/tfjs-backend-wasm';
import * as tf from '@tensorflow/tfjs-core';

export const WASM = 'wasm';

/** What tfjs hands to a kernel, with the WASM backend made explicit. */
export interface WasmKernelArguments<Input extends string, Attributes> {
  readonly inputs: Readonly<Record<Input, tf.TensorInfo>>;
  readonly attrs: Attributes;
  readonly backend: BackendWasm;
}

/**
 * Runs a kernel below the level of the tape and of memory scopes: a kernel made of kernels.
 * The caller disposes of the result, or returns it.
 */
export function runWasmKernel(
  name: string,
  backend: BackendWasm,
  inputs: Record<string, tf.TensorInfo>,
  attributes: object,
): tf.TensorInfo {
  const attrs = attributes as tf.NamedAttrMap;
  return tf.getKernel(name, WASM).kernelFunc({ inputs, attrs, backend }) as tf.TensorInfo;
}

/** Puts a kernel in the place of one the backend brings; the new one may still use the old. */
export function replaceWasmKernel(
  name: string,
  improve: (original: tf.KernelFunc) => unknown,
): void {
  const original = tf.getKernel(name, WASM);
  tf.unregisterKernel(name, WASM);
  tf.registerKernel({
    ...original,
    kernelFunc: improve(original.kernelFunc) as tf.KernelFunc,
  });
}
