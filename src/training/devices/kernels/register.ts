import * as tf from '@tensorflow/tfjs-core';
import { registerConv2dBackpropFilter } from './conv2dBackpropFilter.ts';
import { replaceConv2dBackpropInput } from './conv2dBackpropInput.ts';
import { replaceMatMul } from './matMul.ts';
import { replaceMaxPoolGrad } from './maxPoolGrad.ts';
import { WASM } from './run.ts';

/** What the WASM backend lacks, or does slowly, of what training the models of this room needs. Idempotent. */
export function registerWasmKernels(): void {
  if (tf.getKernel(tf.Conv2DBackpropFilter, WASM)) return;
  registerConv2dBackpropFilter();
  replaceConv2dBackpropInput();
  replaceMatMul();
  replaceMaxPoolGrad();
}
