import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import {
  ARGUMENT_COUNT,
  DONE,
  FAILED,
  KERNEL,
  type Kernels,
  kernelsOf,
  newControlBlock,
  PARTS_PER_THREAD,
  partsLeft,
  TICKET,
  viewsOf,
  type WorkerInit,
  waitFor,
} from './controlBlock.ts';
import type { SharedMemory } from './sharedMemory.ts';

/** With a few threads, matrix products are limited by memory bandwidth; more would only occupy cores. */
const MAX_THREADS = 8;

/** Seconds after which a thread that has claimed a part and not finished it counts as dead. */
const RESPONSE_TIMEOUT = 60;

/** Number of threads that kernels run on: one per core available to this process, up to 8. */
export function threadCount(): number {
  return Math.min(availableParallelism(), MAX_THREADS);
}

/**
 * Runs kernels on several threads that share one memory. The calling thread claims parts of a call like the worker threads and
 * then blocks until theirs are done, without returning to its event loop. The first call large enough to share starts the
 * workers; they do not keep the process alive.
 */
export class Threads {
  readonly count: number;
  readonly #module: WebAssembly.Module;
  readonly #memory: SharedMemory;
  readonly #start: (init: WorkerInit) => Worker;
  readonly #timeout: number;
  readonly #kernels: Kernels;
  readonly #names: readonly string[];
  /** Addresses of the workers' scratch, reused when workers are restarted. */
  readonly #scratches: number[] = [];
  #workers: readonly Worker[] = [];
  #calls = 0;
  #words: Int32Array = new Int32Array();
  #numbers: Float64Array = new Float64Array();
  /** Set when a thread died: no further call is possible. */
  #failure: Error | undefined;

  /**
   * @param count number of threads, the calling one included
   * @param start runs `thread.ts`
   * @param timeout seconds after which a thread that does not respond counts as dead
   */
  constructor(
    module: WebAssembly.Module,
    memory: SharedMemory,
    count: number,
    { start = startThread, timeout = RESPONSE_TIMEOUT } = {},
  ) {
    this.count = count;
    this.#module = module;
    this.#memory = memory;
    this.#start = start;
    this.#timeout = timeout;
    this.#kernels = kernelsOf(module, memory.memory);
    this.#kernels.useScratch!(this.#allocateScratch());
    this.#names = Object.keys(this.#kernels);
  }

  /** Whether the kernels use fused multiply-add, which rounds once. */
  get isFused(): boolean {
    return Boolean(this.#kernels.isFused!(1 + 2 ** -12));
  }

  /**
   * Runs a kernel and blocks until it is done.
   *
   * @param args all but the last two, which select the part
   * @param alone run on the calling thread only, for calls too small to share
   * @throws Error if a thread died, in this call and in every later one
   */
  call(name: string, args: readonly number[], alone = false): void {
    const kernel = this.#kernels[name]!;
    if (this.#failure) throw this.#failure;
    if (alone || this.count === 1) {
      kernel(...args, 0, 1);
      return;
    }
    if (this.#workers.length === 0) this.#startAll();
    const words = this.#words;
    const parts = this.#parts;
    this.#numbers.set(args);
    words[KERNEL] = this.#names.indexOf(name);
    words[ARGUMENT_COUNT] = args.length;
    Atomics.store(words, DONE, 0);
    // The number of the call may wrap around: it only has to differ from the last.
    Atomics.store(words, TICKET, (++this.#calls << 8) | parts);
    Atomics.notify(words, TICKET);
    try {
      for (let part = this.#claimPart(); part >= 0; part = this.#claimPart()) {
        kernel(...args, part, parts);
        Atomics.add(words, DONE, 1);
      }
    } catch (error) {
      // Other threads may still be writing, so no later result could be trusted.
      throw this.#fail(String(error), error as Error);
    }
    this.#await();
  }

  /** Terminates the workers. A later call starts new ones. */
  async close(): Promise<void> {
    const workers = this.#workers;
    this.#workers = [];
    this.#failure = undefined;
    await Promise.all(workers.map((worker) => worker.terminate()));
  }

  get #parts(): number {
    return this.count * PARTS_PER_THREAD;
  }

  /** Claims a part. @returns its index, or −1 if none is left */
  #claimPart(): number {
    for (;;) {
      const ticket = Atomics.load(this.#words, TICKET);
      const left = partsLeft(ticket);
      if (left === 0) return -1;
      if (Atomics.compareExchange(this.#words, TICKET, ticket, ticket - 1) === ticket) {
        return left - 1;
      }
    }
  }

  #startAll(): void {
    const controlBlock = newControlBlock();
    ({ words: this.#words, numbers: this.#numbers } = viewsOf(controlBlock));
    const workers = Array.from({ length: this.count - 1 }, (_, i) => {
      this.#scratches[i] ??= this.#allocateScratch();
      return this.#start(this.#workerInit(this.#scratches[i], controlBlock));
    });
    this.#workers = workers;
    for (const worker of workers) {
      const fail = (reason: string, cause?: Error) => {
        if (this.#workers === workers) this.#fail(reason, cause);
      };
      worker.on('error', (error) => fail(error.message, error));
      worker.on('exit', (code) => fail(`exit code ${code}`));
      // Last: adding a listener would reference the worker again and keep the process alive.
      worker.unref();
    }
  }

  /** Counts seconds without progress, one at a time, so that a suspended process loses at most one when it resumes. */
  #await(): void {
    const words = this.#words;
    let idle = 0;
    for (let done = Atomics.load(words, DONE); done < this.#parts; ) {
      const now = waitFor(words, DONE, done, 1000);
      idle = now === done ? idle + 1 : 0;
      if (idle >= this.#timeout) throw this.#fail(`no response for ${idle} s`);
      done = now;
    }
    if (Atomics.load(words, FAILED) > 0) throw this.#fail('its part of a kernel failed');
  }

  #fail(reason: string, cause?: Error): Error {
    const options = cause ? { cause } : {};
    this.#failure ??= new Error(`a thread of the WebAssembly kernels died: ${reason}`, options);
    return this.#failure;
  }

  #workerInit(scratch: number, controlBlock: SharedArrayBuffer): WorkerInit {
    const { memory } = this.#memory;
    return { module: this.#module, memory, controlBlock, scratch, parts: this.#parts };
  }

  #allocateScratch(): number {
    return this.#memory.malloc(Number(this.#kernels.scratchBytes!()));
  }
}

function startThread(init: WorkerInit): Worker {
  const file = import.meta.url.endsWith('.ts') ? './thread.ts' : './training-thread.js';
  // Without the flags of this process (--inspect, --input-type), which are not meant for the worker.
  return new Worker(new URL(file, import.meta.url), { workerData: init, execArgv: [] });
}
