/**
 * The size from which sharing a matrix product between threads pays off. The threads sleep between two products, as in a
 * training step; times alone and shared are measured in turns. `node bench/threads.ts`
 */
import { setTimeout } from 'node:timers/promises';
import { min } from 'simple-statistics';
import { loadTrainingKernels } from '../src/backends/wasm/assemblies.ts';
import { Threads, threadCount } from '../src/backends/wasm/threads.ts';

/** Pages of a memory that holds the operands, one after another. */
const PAGES = 500;
const ROUNDS = 300;
/** Milliseconds of other work between two products. */
const PAUSE = 0.2;

const memory = new WebAssembly.Memory({ initial: PAGES, maximum: PAGES, shared: true });
let end = 64;
const malloc = (bytes: number) => {
  const at = end;
  end += Math.ceil(bytes / 64) * 64;
  return at;
};
const module = await loadTrainingKernels();
const threads = new Threads(module, { memory, malloc }, threadCount());
const room = 4 * 512 ** 2;
const [a, b, c] = [malloc(room), malloc(room), malloc(room)] as const;

function time(size: number, alone: boolean): number {
  for (const until = performance.now() + PAUSE; performance.now() < until; );
  const before = performance.now();
  threads.call('product', [a, size, 1, 0, b, size, 1, 0, c, 1, size, size, size, 0], alone);
  return performance.now() - before;
}

time(8, false);
await setTimeout(500);
console.log(`${threads.count} threads; fastest of ${ROUNDS}, µs`);
console.log('   side  multiplications   alone  shared');
for (const size of [32, 48, 64, 96, 128, 192, 256, 384, 512]) {
  const times: [number[], number[]] = [[], []];
  for (let round = 0; round < ROUNDS; round++) {
    for (const alone of [true, false]) times[alone ? 0 : 1].push(time(size, alone));
  }
  const columns = times.map((list) => (1000 * min(list)).toFixed(0).padStart(8));
  console.log(String(size).padStart(7), String(size ** 3).padStart(16), ...columns);
}
await threads.close();
