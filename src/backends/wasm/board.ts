/** What a thread is given: the kernels, the tensors' memory, and the board that calls are written on. */
export interface Post {
  readonly module: WebAssembly.Module;
  readonly memory: WebAssembly.Memory;
  readonly board: SharedArrayBuffer;
  /** Where in the memory its scratch is. */
  readonly scratch: number;
  /** How many parts calls are divided into. */
  readonly parts: number;
}

/** Every kernel takes, last, which part of how many it is to do; parts write to different places. */
type Kernel = (...args: number[]) => unknown;
export type Kernels = Readonly<Record<string, Kernel>>;

/** Into so many parts for each thread is a call divided: who comes late, or is held up, leaves the more to the others. */
export const PARTS_EACH = 2;

/**
 * Int32 words of the board; the numbers of the call follow as doubles.
 *
 * The ticket is the number of the call, and in its lowest byte how many parts of it nobody has taken. A part is taken by
 * exchanging the ticket for the next lower one. If that succeeds, the call that was read beforehand is the call the part
 * belongs to: the board is written on only when all parts are taken and done.
 */
export const TICKET = 0;
export const KERNEL = 1;
export const COUNT = 2;
/** Parts that are done. */
export const DONE = 3;
/** Parts in which the kernel threw. */
export const FAILED = 4;
const NUMBERS_AT = 32;
const MOST_NUMBERS = 32;

/** Looks this often before going to sleep: about 20 µs. */
const PATIENCE = 2000;

export function newBoard(): SharedArrayBuffer {
  return new SharedArrayBuffer(NUMBERS_AT + 8 * MOST_NUMBERS);
}

export function viewsOf(board: SharedArrayBuffer): { words: Int32Array; numbers: Float64Array } {
  return { words: new Int32Array(board), numbers: new Float64Array(board, NUMBERS_AT) };
}

/** An instance of the kernels, for one thread. Their scratch is still to be said. */
export function kernelsOf(module: WebAssembly.Module, memory: WebAssembly.Memory): Kernels {
  return new WebAssembly.Instance(module, { env: { memory } }).exports as Kernels;
}

/** What is left of a call when this ticket is up. */
export function partsLeft(ticket: number): number {
  return ticket & 0xff;
}

/** The word once it is no longer `old`, or `old` after so many milliseconds. */
export function waitFor(
  words: Int32Array,
  index: number,
  old: number,
  milliseconds = Number.POSITIVE_INFINITY,
): number {
  for (let i = 0; i < PATIENCE; i++) {
    const value = Atomics.load(words, index);
    if (value !== old) return value;
  }
  Atomics.wait(words, index, old, milliseconds);
  return Atomics.load(words, index);
}
