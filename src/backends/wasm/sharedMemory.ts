import { createRequire } from 'node:module';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { BackendWasm, setThreadsCount } from '@tensorflow/tfjs-backend-wasm';
import factory from '@tensorflow/tfjs-backend-wasm/wasm-out/tfjs-backend-wasm-threaded-simd.js';
import * as tf from '@tensorflow/tfjs-core';
import { OutOfMemoryError } from '../interface/deviceErrors.ts';

/** The part of tfjs's WASM module used here. */
interface Module {
  cwrap(name: string, result: 'number' | null, parameters: readonly 'number'[]): unknown;
  _malloc(bytes: number): number;
  tfjs?: Record<string, unknown>;
}

/** The tensors' memory, shared by all threads. A tensor that does not fit throws `OutOfMemoryError`. */
export interface SharedMemory {
  readonly memory: WebAssembly.Memory;
  /** Allocates memory that is never freed. @throws OutOfMemoryError */
  malloc(bytes: number): number;
}

const PAGES = 256;
const PAGE_BYTES = 65_536;

/**
 * Registers tfjs's `wasm` backend from its threaded build, on a shared memory made here. tfjs itself uses one thread, because its
 * threads never start under Node; the kernels of this project use several on the same tensors.
 *
 * @param maxBytes size that the memory can grow to: a multiple of 64 KiB, at most and by default 4 GiB
 * @throws Error if the memory or this build is unavailable; tfjs's backend is unchanged then
 */
export async function registerSharedBackend(maxBytes = 2 ** 32): Promise<SharedMemory> {
  const memory = new WebAssembly.Memory({
    initial: PAGES,
    maximum: maxBytes / PAGE_BYTES,
    shared: true,
  });
  const options = { wasmMemory: memory, locateFile: (file: string) => tfjsBinaries() + file };
  const restore = stubWorkers();
  // The package declares neither the type of its loader's module nor that the backend accepts one made elsewhere.
  const wasm = (await factory(options).finally(restore)) as unknown as Module;
  wasm.tfjs = {
    init: wasm.cwrap('init', null, []),
    initWithThreadsCount: wasm.cwrap('init_with_threads_count', null, ['number']),
    getThreadsCount: wasm.cwrap('get_threads_count', 'number', []),
    registerTensor: wasm.cwrap('register_tensor', null, ['number', 'number', 'number']),
    disposeData: wasm.cwrap('dispose_data', null, ['number']),
    dispose: wasm.cwrap('dispose', null, []),
  };
  // The loader replaces the function when it is first called.
  wasm._malloc(1);
  const malloc = checked(wasm._malloc, maxBytes);
  wasm._malloc = malloc;
  setThreadsCount(1);
  tf.removeBackend('wasm');
  type Parameter = ConstructorParameters<typeof BackendWasm>[0];
  tf.registerBackend('wasm', () => new BackendWasm(wasm as unknown as Parameter));
  return { memory, malloc };
}

/** tfjs does not check for the address 0 of a failed allocation, nor for sizes beyond 32 bits, and would overwrite other tensors. */
function checked(allocate: (bytes: number) => number, maxBytes: number): (bytes: number) => number {
  return (bytes) => {
    const at = bytes < maxBytes ? allocate(bytes) >>> 0 : 0;
    if (at === 0) throw new OutOfMemoryError(bytes);
    return at;
  };
}

/** The loader starts eight worker threads that are never used: this replies to it without starting any. */
function stubWorkers(): () => void {
  class StubWorker {
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
    get: () => StubWorker,
    set: () => {},
    configurable: true,
  });
  return () => {
    if (before) Object.defineProperty(globalThis, 'Worker', before);
    else Reflect.deleteProperty(globalThis, 'Worker');
  };
}

/** The folder of tfjs's WebAssembly: beside the bundle in dist/, or in node_modules when run from source. */
export function tfjsBinaries(): string {
  const folder = import.meta.url.endsWith('.ts')
    ? path.dirname(createRequire(import.meta.url).resolve('@tensorflow/tfjs-backend-wasm'))
    : fileURLToPath(new URL('./wasm', import.meta.url));
  return folder + path.sep;
}

/** Environment variable: MiB available to tensors on the backend `wasm`. */
const VARIABLE = 'GRAIN_MEMORY';
/** tfjs and the kernels' scratch need some of it. */
const MIN_MIB = 32;
/** WebAssembly's 32-bit addresses reach no further. */
const MAX_MIB = 4096;

/** Bytes; no limit is higher. */
export const MAX_MEMORY_LIMIT = MAX_MIB * 2 ** 20;

/** Bytes available to tensors. */
export function memoryLimit(): number {
  return Number(process.env[VARIABLE] ?? MAX_MIB) * 2 ** 20;
}

/** What is wrong with GRAIN_MEMORY; null if it is valid or not set. */
export function memoryLimitProblem(): string | null {
  const value = process.env[VARIABLE];
  if (value === undefined) return null;
  if (/^\d+$/.test(value) && Number(value) >= MIN_MIB && Number(value) <= MAX_MIB) return null;
  return `the environment variable ${VARIABLE} is ${JSON.stringify(value)}; expected a whole number of MiB, ${MIN_MIB} to ${MAX_MIB}`;
}
