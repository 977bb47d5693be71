import type { Assembly } from '../../engine/kernels/build.ts';
import { engineAssembly, loadAssembly } from '../../engine/kernels/load.ts';

const sources = new URL('assembly/', import.meta.url);
const libraries = [engineAssembly.sources];
const features = ['simd', 'threads', 'bulk-memory'];

/** The kernels with multiply-add in one instruction. */
export const fusedAssembly: Assembly = {
  file: 'training-kernels.wasm',
  sources,
  libraries,
  features: [...features, 'relaxed-simd'],
};

/** The same in two instructions, for engines without relaxed SIMD. */
export const plainAssembly: Assembly = {
  file: 'training-kernels-plain.wasm',
  sources,
  libraries,
  features,
};

/** All WebAssembly of the product: one build step compiles it, and a bundled trainer's fingerprint covers it. */
export const assemblies: readonly Assembly[] = [engineAssembly, fusedAssembly, plainAssembly];

export async function loadTrainingKernels(): Promise<WebAssembly.Module> {
  const fused = await loadAssembly(fusedAssembly);
  return new WebAssembly.Module(
    WebAssembly.validate(fused) ? fused : await loadAssembly(plainAssembly),
  );
}
