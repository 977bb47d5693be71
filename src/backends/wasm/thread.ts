import { workerData } from 'node:worker_threads';
import {
  ARGUMENT_COUNT,
  DONE,
  FAILED,
  KERNEL,
  kernelsOf,
  partsLeft,
  TICKET,
  viewsOf,
  type WorkerInit,
  waitFor,
} from './controlBlock.ts';

/** A worker thread of `Threads`: claims and computes parts of calls in an endless loop. */
const { module, memory, controlBlock, scratch, parts } = workerData as WorkerInit;
const kernels = kernelsOf(module, memory);
kernels.useScratch!(scratch);
const names = Object.keys(kernels);
const { words, numbers } = viewsOf(controlBlock);

for (;;) {
  const ticket = Atomics.load(words, TICKET);
  const left = partsLeft(ticket);
  if (left === 0) {
    waitFor(words, TICKET, ticket);
    continue;
  }
  const kernel = kernels[names[words[KERNEL]!]!]!;
  const args = numbers.slice(0, words[ARGUMENT_COUNT]!);
  if (Atomics.compareExchange(words, TICKET, ticket, ticket - 1) !== ticket) continue;
  try {
    kernel(...args, left - 1, parts);
  } catch (error) {
    Atomics.add(words, FAILED, 1);
    throw error;
  } finally {
    Atomics.add(words, DONE, 1);
    Atomics.notify(words, DONE);
  }
}
