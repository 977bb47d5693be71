import { workerData } from 'node:worker_threads';
import {
  COUNT,
  DONE,
  FAILED,
  KERNEL,
  kernelsOf,
  type Post,
  partsLeft,
  TICKET,
  viewsOf,
  waitFor,
} from './board.ts';

/** A thread of `Threads`: takes parts of the calls on the board, for ever. */
const { module, memory, board, scratch, parts } = workerData as Post;
const kernels = kernelsOf(module, memory);
kernels.useScratch!(scratch);
const names = Object.keys(kernels);
const { words, numbers } = viewsOf(board);

for (;;) {
  const ticket = Atomics.load(words, TICKET);
  const left = partsLeft(ticket);
  if (left === 0) {
    waitFor(words, TICKET, ticket);
    continue;
  }
  const kernel = kernels[names[words[KERNEL]!]!]!;
  const args = numbers.slice(0, words[COUNT]!);
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
