import { readFileSync } from 'node:fs';
import { isMainThread, Worker, workerData } from 'node:worker_threads';

type Kernel = (...args: number[]) => void;
interface Shared {
  readonly module: WebAssembly.Module;
  readonly memory: WebAssembly.Memory;
  readonly board: SharedArrayBuffer;
  readonly part: number;
  readonly parts: number;
  readonly pack: number;
}

/** Int32 words of the board; the numbers of the call follow as doubles. */
const EPOCH = 0;
const DONE = 1;
const KERNEL = 2;
const COUNT = 3;
const ARGUMENTS_AT = 16;
/** Looks at the other side this often before going to sleep: about 20 µs. */
const PATIENCE = 2000;

function views(board: SharedArrayBuffer) {
  return { words: new Int32Array(board), numbers: new Float64Array(board, ARGUMENTS_AT) };
}

function kernelsOf(module: WebAssembly.Module, memory: WebAssembly.Memory) {
  const { exports } = new WebAssembly.Instance(module, { env: { memory } });
  return exports as unknown as Readonly<Record<string, Kernel>>;
}

/** Kernels whose last argument before `part` is this thread's own scratch. */
const PACKING = new Set(['gemm', 'gemmBatch', 'attention', 'attentionGradient']);

function runPart(name: string, kernel: Kernel, args: readonly number[], own: Shared): void {
  const scratch = PACKING.has(name) ? [own.pack] : [];
  kernel(...args, ...scratch, own.part, own.parts);
}

/** Kernels that run on several threads of one memory: this thread does a part itself and waits for the others. */
export class Threads {
  readonly #kernels: Readonly<Record<string, Kernel>>;
  readonly #names: readonly string[];
  readonly #own: Shared;
  readonly #words: Int32Array;
  readonly #numbers: Float64Array;

  constructor(
    file: string,
    memory: WebAssembly.Memory,
    malloc: (bytes: number) => number,
    parts: number,
    scratchBytes: number,
  ) {
    const module = new WebAssembly.Module(readFileSync(file));
    const board = new SharedArrayBuffer(ARGUMENTS_AT + 32 * 8);
    ({ words: this.#words, numbers: this.#numbers } = views(board));
    const shares = Array.from({ length: parts }, (_, part) => ({
      ...{ module, memory, board, part, parts },
      pack: malloc(scratchBytes),
    }));
    this.#own = shares[0]!;
    this.#kernels = kernelsOf(module, memory);
    this.#names = Object.keys(this.#kernels);
    for (const share of shares.slice(1)) {
      new Worker(new URL(import.meta.url), { workerData: share }).unref();
    }
  }

  /** @param alone whether the work is too small to share. */
  call(name: string, args: readonly number[], alone = false): void {
    const own = this.#own;
    const kernel = this.#kernels[name]!;
    if (alone || own.parts === 1) {
      runPart(name, kernel, args, { ...own, part: 0, parts: 1 });
      return;
    }
    const words = this.#words;
    this.#numbers.set(args);
    words[KERNEL] = this.#names.indexOf(name);
    words[COUNT] = args.length;
    Atomics.store(words, DONE, 0);
    Atomics.add(words, EPOCH, 1);
    Atomics.notify(words, EPOCH);
    runPart(name, kernel, args, own);
    const others = own.parts - 1;
    for (let done = waitFor(words, DONE, 0); done < others; done = waitFor(words, DONE, done));
  }
}

/** The word once it is no longer `old`. */
function waitFor(words: Int32Array, index: number, old: number): number {
  for (let i = 0; i < PATIENCE; i++) {
    const value = Atomics.load(words, index);
    if (value !== old) return value;
  }
  Atomics.wait(words, index, old);
  return Atomics.load(words, index);
}

function work(own: Shared): never {
  const kernels = kernelsOf(own.module, own.memory);
  const names = Object.keys(kernels);
  const { words, numbers } = views(own.board);
  let epoch = 0;
  for (;;) {
    while (Atomics.load(words, EPOCH) === epoch) waitFor(words, EPOCH, epoch);
    epoch++;
    const name = names[words[KERNEL]!]!;
    runPart(name, kernels[name]!, Array.from(numbers.subarray(0, words[COUNT]!)), own);
    Atomics.add(words, DONE, 1);
    Atomics.notify(words, DONE);
  }
}

if (!isMainThread && workerData?.board) work(workerData);
