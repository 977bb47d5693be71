import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { assembled } from '../../src/engine/kernels/build.ts';
import { engineAssembly } from '../../src/engine/kernels/load.ts';
import type { Traffic } from './trafficThread.ts';

/** Plain reading and copying of memory, by as many threads as there are cores, each its own contiguous part. */
export class MemoryTraffic {
  readonly #threads: readonly Worker[];

  static async start(memory: WebAssembly.Memory): Promise<MemoryTraffic> {
    const module = new WebAssembly.Module(
      await assembled({
        ...engineAssembly,
        sources: new URL('../assembly/', import.meta.url),
      }),
    );
    const file = new URL('trafficThread.ts', import.meta.url);
    return new MemoryTraffic(
      Array.from({ length: navigator.hardwareConcurrency }, () => {
        return new Worker(file, { workerData: { module, memory } });
      }),
    );
  }

  constructor(threads: readonly Worker[]) {
    this.#threads = threads;
  }

  /** Reads `bytes` from `address` on. */
  read(address: number, bytes: number): Promise<void> {
    return this.#share('read', address, bytes, 0);
  }

  /** Copies the first half of `bytes` to the second. */
  copy(address: number, bytes: number): Promise<void> {
    return this.#share('copy', address, bytes / 2, address + bytes / 2);
  }

  async #share(kind: Traffic['kind'], address: number, bytes: number, to: number): Promise<void> {
    const part = Math.floor(bytes / this.#threads.length / 64) * 64;
    await Promise.all(
      this.#threads.map(async (thread, i) => {
        const traffic = { kind, address: address + i * part, bytes: part, to: to + i * part };
        thread.postMessage(traffic satisfies Traffic);
        await once(thread, 'message');
      }),
    );
  }

  async close(): Promise<void> {
    await Promise.all(this.#threads.map((thread) => thread.terminate()));
  }
}
