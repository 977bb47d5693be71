import { readFile } from 'node:fs/promises';
import type { Assembly } from './build.ts';

export const engineAssembly: Assembly = {
  file: 'kernels.wasm',
  sources: new URL('assembly/', import.meta.url),
  features: ['simd', 'threads'],
};

export async function loadKernels(): Promise<WebAssembly.Module> {
  return new WebAssembly.Module(await loadAssembly(engineAssembly));
}

/** WebAssembly: the file beside the bundle, or, where the program runs from its sources, compiled from them. */
export async function loadAssembly(assembly: Assembly): Promise<Uint8Array<ArrayBuffer>> {
  if (!import.meta.url.endsWith('.ts')) {
    return new Uint8Array(await readFile(new URL(assembly.file, import.meta.url)));
  }
  // Named at run time only: no bundle is to contain the compiler.
  const { href } = new URL('./build.ts', import.meta.url);
  const { assembled }: typeof import('./build.ts') = await import(href);
  return assembled(assembly);
}
