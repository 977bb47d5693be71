import { createRequire } from 'node:module';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { setWasmPaths } from '@tensorflow/tfjs-backend-wasm';
import * as tf from '@tensorflow/tfjs-core';
import { completeKernels } from '../kernels/register.ts';
import { type OpenRung, RungUnavailable } from '../rung.ts';

export async function openWasm(): Promise<OpenRung> {
  completeKernels('wasm');
  if (!tf.findBackend('wasm')) await load();
  const simd = await tf.env().getAsync('WASM_HAS_SIMD_SUPPORT');
  const threads = await tf.env().getAsync('WASM_HAS_MULTITHREAD_SUPPORT');
  return {
    name: `WebAssembly (${simd ? 'SIMD' : 'no SIMD'}, ${threads ? 'threads' : 'one thread'})`,
    backend: 'wasm',
    hostMemory: true,
    close: async () => {},
  };
}

async function load(): Promise<void> {
  setWasmPaths(binaryFolder());
  const crashHandlers = ['uncaughtException', 'unhandledRejection'] as const;
  const before = crashHandlers.map(
    (event) => new Set(process.listeners(event as 'uncaughtException')),
  );
  const ready = await tf.setBackend('wasm');
  // The WASM loader rethrows every uncaught error of the process from its own minified line, hiding where it came from.
  crashHandlers.forEach((event, i) => {
    for (const listener of process.listeners(event as 'uncaughtException')) {
      if (!before[i]!.has(listener)) process.off(event, listener);
    }
  });
  if (!ready) {
    throw new RungUnavailable(
      `the WebAssembly kernels in ${binaryFolder()} could not be started`,
      'reinstall the extension, or run `npm ci` in a checkout',
    );
  }
}

/** Beside the bundle in dist/, or in node_modules when run from source. */
function binaryFolder(): string {
  const folder = import.meta.url.endsWith('.ts')
    ? path.dirname(createRequire(import.meta.url).resolve('@tensorflow/tfjs-backend-wasm'))
    : fileURLToPath(new URL('./wasm', import.meta.url));
  return folder + path.sep;
}
