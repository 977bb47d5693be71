import { workerData } from 'node:worker_threads';
import {
  COUNT,
  DONE,
  EPOCH,
  FAILED,
  KERNEL,
  kernelsOf,
  type Post,
  READY,
  viewsOf,
  waitFor,
} from './board.ts';

/** A thread of `Threads`: does its part of each call on the board, for ever. */
const post = workerData as Post;
const kernels = kernelsOf(post.module, post.memory);
kernels.useScratch!(post.scratch);
const names = Object.keys(kernels);
const { words, numbers } = viewsOf(post.board);

let epoch = Atomics.load(words, EPOCH);
Atomics.add(words, READY, 1);
for (;;) {
  while (Atomics.load(words, EPOCH) === epoch) waitFor(words, EPOCH, epoch);
  epoch++;
  const kernel = kernels[names[words[KERNEL]!]!]!;
  try {
    kernel(...numbers.subarray(0, words[COUNT]!), post.part, post.parts);
  } catch (error) {
    Atomics.add(words, FAILED, 1);
    throw error;
  } finally {
    Atomics.add(words, DONE, 1);
    Atomics.notify(words, DONE);
  }
}
