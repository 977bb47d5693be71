import { parentPort, workerData } from 'node:worker_threads';
import { isSharedTask, work } from './work.ts';

if (!(workerData instanceof WebAssembly.Module)) {
  throw new TypeError('a thread of the engine was started without a WebAssembly module');
}
const module = workerData;

/** A thread of the pool: does its part of each task, and answers when no chunk is left. */
parentPort?.on('message', (message: unknown) => {
  if (!isSharedTask(message)) throw new TypeError('a thread of the engine got an invalid task');
  work(module, message.shard, message.task);
  parentPort?.postMessage(null);
});
