import { setWasmPaths } from '@tensorflow/tfjs-backend-wasm';
import * as tf from '@tensorflow/tfjs-core';
import { BackendUnavailable, type OpenBackend } from '../interface/backend.ts';
import { firstLine } from '../interface/optionalPackage.ts';
import { registerMissingKernels } from '../kernels/register.ts';
import { loadTrainingKernels } from './assemblies.ts';
import { wasmAdamw, wasmStackedKernels } from './gradientKernels.ts';
import { replaceMatMul, replaceMatMulShared } from './matMul.ts';
import { wasmOperations } from './operations.ts';
import { memoryLimit, registerSharedBackend, tfjsBinaries } from './sharedMemory.ts';
import { Threads, threadCount } from './threads.ts';

/** One per process, so that tensors stay valid when the backend is opened again. */
let opened: Promise<OpenBackend> | undefined;

/** Opens the backend on shared memory with custom kernels and threads; if that is unavailable, tfjs's own, with the reason. */
export function openWasm(): Promise<OpenBackend> {
  opened ??= open();
  return opened;
}

async function open(): Promise<OpenBackend> {
  try {
    return await openShared();
  } catch (error) {
    return openPlainWasm(firstLine(error));
  }
}

async function openShared(): Promise<OpenBackend> {
  // Throws if this thread may not block.
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 0);
  const module = await loadTrainingKernels();
  const limit = memoryLimit();
  const memory = await withoutCrashHandlers(() => registerSharedBackend(limit));
  const threads = new Threads(module, memory, threadCount());
  registerMissingKernels('wasm');
  replaceMatMulShared(threads);
  const count = threads.count === 1 ? 'one thread' : `${threads.count} threads`;
  return {
    name: `WebAssembly (SIMD, ${threads.isFused ? 'FMA, ' : ''}${count})`,
    tfjsBackend: 'wasm',
    hostMemory: true,
    memory: limit,
    operations: wasmOperations(threads),
    stacked: wasmStackedKernels(threads),
    adamw: wasmAdamw(threads),
    close: () => threads.close(),
  };
}

/** tfjs's single-threaded backend, with the kernels that training needs in addition. */
export async function openPlainWasm(why: string): Promise<OpenBackend> {
  registerMissingKernels('wasm');
  replaceMatMul();
  setWasmPaths(tfjsBinaries());
  if (!(await withoutCrashHandlers(() => tf.setBackend('wasm')))) {
    throw new BackendUnavailable(
      `the WebAssembly kernels in ${tfjsBinaries()} could not be started`,
      'reinstall the extension, or run `npm ci` in a checkout',
    );
  }
  const simd = await tf.env().getAsync('WASM_HAS_SIMD_SUPPORT');
  return {
    name: `WebAssembly (${simd ? 'SIMD' : 'no SIMD'}, one thread)`,
    tfjsBackend: 'wasm',
    hostMemory: true,
    limitation: `slow: multithreaded kernels on shared memory are unavailable: ${why}`,
    close: async () => {},
  };
}

/** The WASM loader rethrows every uncaught error of the process from its own minified line, hiding where it came from. */
async function withoutCrashHandlers<T>(load: () => Promise<T>): Promise<T> {
  const events = ['uncaughtException', 'unhandledRejection'] as const;
  const listeners = (event: string) => process.listeners(event as 'uncaughtException');
  const before = events.map((event) => new Set(listeners(event)));
  try {
    return await load();
  } finally {
    events.forEach((event, i) => {
      for (const listener of listeners(event)) {
        if (!before[i]!.has(listener)) process.off(event, listener);
      }
    });
  }
}
