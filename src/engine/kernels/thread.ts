import { parentPort, workerData } from 'node:worker_threads';
import type { Shard } from './layout.ts';
import { type Task, work } from './work.ts';

/** A thread of the pool: does its part of each task, and says when no chunk is left to take. */
parentPort?.on('message', ({ shard, task }: { shard: Shard; task: Task }) => {
  work(workerData as WebAssembly.Module, shard, task);
  parentPort?.postMessage(null);
});
