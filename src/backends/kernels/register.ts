import { registerConv2dBackpropFilter } from './conv2dBackpropFilter.ts';
import { replaceConv2dBackpropInput } from './conv2dBackpropInput.ts';
import type { BackendName } from './kernel.ts';
import { replaceMaxPoolGrad } from './maxPoolGrad.ts';
import { registerSegmentSum } from './segmentSum.ts';

const done = new Set<BackendName>();

/** Registers the kernels that training needs and the backend lacks or computes slowly, except matrix products. Once per process. */
export function registerMissingKernels(on: BackendName): void {
  if (done.has(on)) return;
  done.add(on);
  registerConv2dBackpropFilter(on);
  replaceMaxPoolGrad(on);
  if (on === 'wasm') {
    replaceConv2dBackpropInput();
    registerSegmentSum();
  }
}
