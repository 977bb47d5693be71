import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import {
  COUNT,
  DONE,
  FAILED,
  KERNEL,
  type Kernels,
  kernelsOf,
  newBoard,
  PARTS_EACH,
  type Post,
  partsLeft,
  TICKET,
  viewsOf,
  waitFor,
} from './board.ts';
import type { SharedMemory } from './sharedBackend.ts';

/** Products reach memory's speed with a few threads; more would only take the cores from others. */
const MOST_THREADS = 8;

/** A thread that has taken a part and for so many seconds not done it, when all others are, is taken for dead. */
const SILENCE = 60;

/** How many threads kernels run on: as many as this process may use cores. */
export function threadCount(): number {
  return Math.min(availableParallelism(), MOST_THREADS);
}

/**
 * Kernels that run on several threads of one memory. This thread takes parts of a call as the others do, and waits at its end
 * for those that others have taken, without turning to its event loop. The others are started by the first call worth sharing
 * and keep no process alive.
 */
export class Threads {
  readonly count: number;
  readonly #module: WebAssembly.Module;
  readonly #memory: SharedMemory;
  readonly #start: (post: Post) => Worker;
  readonly #silence: number;
  readonly #kernels: Kernels;
  readonly #names: readonly string[];
  /** Of the other threads; kept when they are ended. */
  readonly #scratches: number[] = [];
  #workers: readonly Worker[] = [];
  #calls = 0;
  #words: Int32Array = new Int32Array();
  #numbers: Float64Array = new Float64Array();
  /** Why no call can be done any more. */
  #ended: Error | undefined;

  /**
   * @param count this thread and the others
   * @param start runs `thread.ts`
   * @param silence seconds after which a thread without an answer is taken for dead
   */
  constructor(
    module: WebAssembly.Module,
    memory: SharedMemory,
    count: number,
    { start = startThread, silence = SILENCE } = {},
  ) {
    this.count = count;
    this.#module = module;
    this.#memory = memory;
    this.#start = start;
    this.#silence = silence;
    this.#kernels = kernelsOf(module, memory.memory);
    this.#kernels.useScratch!(this.#room());
    this.#names = Object.keys(this.#kernels);
  }

  /** Whether products are rounded once with what is added to them. */
  get isFused(): boolean {
    return Boolean(this.#kernels.isFused!(1 + 2 ** -12));
  }

  /**
   * Runs a kernel to its end.
   *
   * @param args all but the last two, which say the part
   * @param alone whether it is too little to share
   * @throws Error if a thread died; then, and ever after, there is no result
   */
  call(name: string, args: readonly number[], alone = false): void {
    const kernel = this.#kernels[name]!;
    if (this.#ended) throw this.#ended;
    if (alone || this.count === 1) {
      kernel(...args, 0, 1);
      return;
    }
    if (this.#workers.length === 0) this.#startAll();
    const words = this.#words;
    const parts = this.#parts;
    this.#numbers.set(args);
    words[KERNEL] = this.#names.indexOf(name);
    words[COUNT] = args.length;
    Atomics.store(words, DONE, 0);
    // The number of the call may overflow: that is only another number.
    Atomics.store(words, TICKET, (++this.#calls << 8) | parts);
    Atomics.notify(words, TICKET);
    try {
      for (let part = this.#take(); part >= 0; part = this.#take()) {
        kernel(...args, part, parts);
        Atomics.add(words, DONE, 1);
      }
    } catch (error) {
      // The others may be writing still: nothing that follows could be trusted.
      throw this.#end(String(error), error as Error);
    }
    this.#await();
  }

  /** Ends the other threads. A later call starts new ones. */
  async close(): Promise<void> {
    const workers = this.#workers;
    this.#workers = [];
    this.#ended = undefined;
    await Promise.all(workers.map((worker) => worker.terminate()));
  }

  get #parts(): number {
    return this.count * PARTS_EACH;
  }

  /** The part that is now this thread's, or -1 when none is left. */
  #take(): number {
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
    const board = newBoard();
    ({ words: this.#words, numbers: this.#numbers } = viewsOf(board));
    const workers = Array.from({ length: this.count - 1 }, (_, i) => {
      this.#scratches[i] ??= this.#room();
      return this.#start(this.#post(this.#scratches[i], board));
    });
    this.#workers = workers;
    for (const worker of workers) {
      const end = (reason: string, cause?: Error) => {
        if (this.#workers === workers) this.#end(reason, cause);
      };
      worker.on('error', (error) => end(error.message, error));
      worker.on('exit', (code) => end(`exit code ${code}`));
      // Last, for listening holds the process.
      worker.unref();
    }
  }

  /** Seconds are counted while nobody answers, so that a process that was stopped and goes on loses one at most. */
  #await(): void {
    const words = this.#words;
    let silent = 0;
    for (let done = Atomics.load(words, DONE); done < this.#parts; ) {
      const now = waitFor(words, DONE, done, 1000);
      silent = now === done ? silent + 1 : 0;
      if (silent >= this.#silence) throw this.#end(`no answer for ${silent} s`);
      done = now;
    }
    if (Atomics.load(words, FAILED) > 0) throw this.#end('its part of a kernel failed');
  }

  #end(reason: string, cause?: Error): Error {
    const options = cause ? { cause } : {};
    this.#ended ??= new Error(`a thread of the WebAssembly kernels died: ${reason}`, options);
    return this.#ended;
  }

  #post(scratch: number, board: SharedArrayBuffer): Post {
    const { memory } = this.#memory;
    return { module: this.#module, memory, board, scratch, parts: this.#parts };
  }

  #room(): number {
    return this.#memory.malloc(Number(this.#kernels.scratchBytes!()));
  }
}

function startThread(post: Post): Worker {
  const file = import.meta.url.endsWith('.ts') ? './thread.ts' : './training-thread.js';
  // Flags of the process that starts us (an inspector, --input-type) are not for the thread.
  return new Worker(new URL(file, import.meta.url), { workerData: post, execArgv: [] });
}
