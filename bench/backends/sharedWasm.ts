import { createRequire } from 'node:module';
import path from 'node:path';
import { BackendWasm, setThreadsCount } from '@tensorflow/tfjs-backend-wasm';
import * as tf from '@tensorflow/tfjs-core';

/** What tfjs's loader knows of its own WASM module. */
interface Module {
  cwrap(name: string, result: 'number' | null, parameters: readonly 'number'[]): unknown;
  _malloc(bytes: number): number;
  tfjs?: Record<string, unknown>;
}

type Factory = (options: object) => Promise<Module>;

export interface SharedWasm {
  readonly memory: WebAssembly.Memory;
  malloc(bytes: number): number;
}

/**
 * Makes tfjs's `wasm` backend from its build for threads, on a memory of our own that is shared. tfjs itself stays on one
 * thread (its threads never start under Node); kernels that we add can use as many as they like on the same tensors.
 */
export async function openSharedWasm(): Promise<SharedWasm> {
  const require = createRequire(import.meta.url);
  const folder = path.join(
    path.dirname(require.resolve('@tensorflow/tfjs-backend-wasm/package.json')),
    'wasm-out',
    path.sep,
  );
  const memory = new WebAssembly.Memory({ initial: 256, maximum: 65_536, shared: true });
  const factory: Factory = require(`${folder}tfjs-backend-wasm-threaded-simd.js`);
  const restore = imitateWorkers();
  const wasm = await factory({
    wasmMemory: memory,
    locateFile: (file: string) => folder + file,
  }).finally(restore);
  wasm.tfjs = {
    init: wasm.cwrap('init', null, []),
    initWithThreadsCount: wasm.cwrap('init_with_threads_count', null, ['number']),
    getThreadsCount: wasm.cwrap('get_threads_count', 'number', []),
    registerTensor: wasm.cwrap('register_tensor', null, ['number', 'number', 'number']),
    disposeData: wasm.cwrap('dispose_data', null, ['number']),
    dispose: wasm.cwrap('dispose', null, []),
  };
  setThreadsCount(1);
  tf.enableProdMode();
  tf.removeBackend('wasm');
  type Parameter = ConstructorParameters<typeof BackendWasm>[0];
  tf.registerBackend('wasm', () => new BackendWasm(wasm as unknown as Parameter));
  await tf.setBackend('wasm');
  return { memory, malloc: (bytes) => wasm._malloc(bytes) >>> 0 };
}

/** The loader starts eight threads in advance, which nothing would ever use: it gets the answers without the threads. */
function imitateWorkers(): () => void {
  class Imitation {
    onmessage?: (event: { data: unknown }) => void;
    on(): void {}
    unref(): void {}
    terminate(): void {}
    postMessage({ cmd }: { cmd: string }): void {
      if (cmd === 'load') queueMicrotask(() => this.onmessage?.({ data: { cmd: 'loaded' } }));
    }
  }
  const before = Object.getOwnPropertyDescriptor(globalThis, 'Worker');
  Object.defineProperty(globalThis, 'Worker', {
    get: () => Imitation,
    set: () => {},
    configurable: true,
  });
  return () => {
    if (before) Object.defineProperty(globalThis, 'Worker', before);
    else Reflect.deleteProperty(globalThis, 'Worker');
  };
}
