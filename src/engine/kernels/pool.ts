import { Worker } from 'node:worker_threads';
import type { Shard } from './layout.ts';
import type { SharedTask, Task } from './work.ts';

/** A few threads saturate the memory bandwidth; more would only occupy cores. */
const MOST_THREADS = 8;

interface Thread {
  readonly worker: Worker;
  /** Of its current task. */
  resolve?: () => void;
  reject?: (reason: Error) => void;
}

/** Helper threads of the engine. They keep the process alive only while they have a task. */
export class ThreadPool {
  readonly #threads: readonly Thread[];
  /** Why tasks can no longer be shared. */
  #ended: Error | undefined;

  /** One thread per core, except the caller's, up to a maximum. */
  static start(module: WebAssembly.Module): ThreadPool {
    const file = import.meta.url.endsWith('.ts') ? './thread.ts' : './kernel-thread.js';
    const count = Math.min(navigator.hardwareConcurrency, MOST_THREADS) - 1;
    return new ThreadPool(
      Array.from({ length: count }, () => {
        return new Worker(new URL(file, import.meta.url), { workerData: module, execArgv: [] });
      }),
    );
  }

  /** @param workers running `thread.ts`, from now on owned by the pool */
  constructor(workers: readonly Worker[]) {
    this.#threads = workers.map((worker) => {
      const thread: Thread = { worker };
      worker.unref();
      worker.on('message', () => thread.resolve?.());
      worker.on('error', (error) => {
        this.#end(new Error(`a thread of the engine died: ${error.message}`, { cause: error }));
      });
      worker.on('exit', (code) => {
        this.#end(new Error(`a thread of the engine died: exit code ${code}`));
      });
      return thread;
    });
  }

  /** Resolves when no thread has a chunk of the shard left to process. Rejects if one died. One task at a time. */
  async share(shard: Shard, task: Task): Promise<void> {
    if (this.#ended) throw this.#ended;
    await Promise.all(this.#threads.map((thread) => runOn(thread, shard, task)));
  }

  #end(reason: Error): void {
    this.#ended ??= reason;
    for (const thread of this.#threads) thread.reject?.(this.#ended);
  }
}

async function runOn(thread: Thread, shard: Shard, task: Task): Promise<void> {
  thread.worker.ref();
  try {
    await new Promise<void>((resolve, reject) => {
      thread.resolve = resolve;
      thread.reject = reject;
      thread.worker.postMessage({ shard, task } satisfies SharedTask);
    });
  } finally {
    thread.worker.unref();
  }
}
