import { type Check, fields, isNumber, oneOf } from '../structure.ts';
import { CHUNK, isShard, layoutOf, padded, type Shard } from './layout.ts';

/** The exports of `assembly/`; addresses and strides in bytes. */
interface Kernels {
  gram(rows: number, stride: number, k: number, columns: number, sums: number): void;
  gramExact(rows: number, stride: number, k: number, columns: number, sums: number): void;
  products(rows: number, stride: number, k: number, columns: number, sums: number): void;
  combine(terms: number, count: number, offset: number, columns: number, to: number): void;
}

const instances = new WeakMap<WebAssembly.Memory, Kernels>();

/** An operation on every chunk of a shard. */
export type Task =
  | { readonly kind: 'gram' | 'gramExact' | 'products' }
  /** The first `count` terms. */
  | { readonly kind: 'combine'; readonly count: number };

const isProducts = fields<Exclude<Task, { kind: 'combine' }>>({
  kind: oneOf(['gram', 'gramExact', 'products']),
});
const isCombine = fields<Extract<Task, { kind: 'combine' }>>({
  kind: oneOf(['combine']),
  count: isNumber,
});
const isTask: Check<Task> = (value): value is Task => isProducts(value) || isCombine(value);

/** What a thread of the pool is sent. */
export interface SharedTask {
  readonly shard: Shard;
  readonly task: Task;
}

export const isSharedTask = fields<SharedTask>({ shard: isShard, task: isTask });

/** Runs the task on chunks of the shard until none is left; threads that run it at the same time share the chunks. */
export function work(module: WebAssembly.Module, shard: Shard, task: Task): void {
  const { memory, k, d } = shard;
  const { terms, sums, sumsOfChunk, rows, stride, chunks } = layoutOf(k, d);
  const kernels = instances.get(memory) ?? instantiate(module, memory);
  const next = nextChunk(shard);
  for (let chunk = Atomics.add(next, 0, 1); chunk < chunks; chunk = Atomics.add(next, 0, 1)) {
    const from = chunk * CHUNK;
    const columns = padded(Math.min(CHUNK, d - from));
    const first = rows + 4 * from;
    if (task.kind === 'combine') {
      kernels.combine(terms, task.count, 4 * from, columns, first + k * stride);
    } else {
      kernels[task.kind](first, stride, k, columns, sums + chunk * sumsOfChunk);
    }
  }
}

function instantiate(module: WebAssembly.Module, memory: WebAssembly.Memory): Kernels {
  const kernels = new WebAssembly.Instance(module, { env: { memory } }).exports as Kernels;
  instances.set(memory, kernels);
  return kernels;
}

/** Makes all chunks of a shard available again. */
export function offerChunks(shard: Shard): void {
  Atomics.store(nextChunk(shard), 0, 0);
}

function nextChunk({ memory }: Shard): Int32Array<SharedArrayBuffer> {
  return new Int32Array(memory.buffer, 0, 1);
}
