import { readFile } from 'node:fs/promises';

/** The kernels: from their file beside the bundle, or, where the engine runs from its sources, compiled from theirs. */
export async function loadKernels(): Promise<WebAssembly.Module> {
  return new WebAssembly.Module(
    import.meta.url.endsWith('.ts')
      ? await compiled()
      : new Uint8Array(await readFile(new URL('./kernels.wasm', import.meta.url))),
  );
}

async function compiled() {
  // Named at run time only: no bundle is to contain the compiler.
  const { href } = new URL('./build.ts', import.meta.url);
  const { kernelsFromSource }: typeof import('./build.ts') = await import(href);
  return kernelsFromSource();
}
