/** What a worker thread starts with: the kernels, the tensors' memory, and the control block that describes the current call. */
export interface WorkerInit {
  readonly module: WebAssembly.Module;
  readonly memory: WebAssembly.Memory;
  readonly controlBlock: SharedArrayBuffer;
  /** Address of its scratch in the memory. */
  readonly scratch: number;
  /** Number of parts that a call is divided into. */
  readonly parts: number;
}

/** The last two arguments of every kernel are the part to compute and the number of parts; parts write to different addresses. */
type Kernel = (...args: number[]) => unknown;
export type Kernels = Readonly<Record<string, Kernel>>;

/** More than one part per thread, so that the other threads do the work of one that is late or interrupted. */
export const PARTS_PER_THREAD = 2;

/**
 * Indices of the int32 words of the control block; the arguments of the call follow as float64.
 *
 * The ticket holds the number of the call and, in its lowest byte, the number of unclaimed parts. A thread claims a part by
 * compare-and-exchange of the ticket with the next lower one. If that succeeds, the call it read before is the one the part
 * belongs to: the control block is overwritten only after all parts are claimed and done.
 */
export const TICKET = 0;
export const KERNEL = 1;
export const ARGUMENT_COUNT = 2;
/** Number of parts done. */
export const DONE = 3;
/** Number of parts in which the kernel threw. */
export const FAILED = 4;
const ARGUMENTS_OFFSET = 32;
const MAX_ARGUMENTS = 32;

/** Polls before sleeping: about 20 µs. */
const SPINS = 2000;

export function newControlBlock(): SharedArrayBuffer {
  return new SharedArrayBuffer(ARGUMENTS_OFFSET + 8 * MAX_ARGUMENTS);
}

export function viewsOf(controlBlock: SharedArrayBuffer): {
  words: Int32Array;
  numbers: Float64Array;
} {
  return {
    words: new Int32Array(controlBlock),
    numbers: new Float64Array(controlBlock, ARGUMENTS_OFFSET),
  };
}

/** An instance of the kernels for one thread, to be followed by a call of its `useScratch`. */
export function kernelsOf(module: WebAssembly.Module, memory: WebAssembly.Memory): Kernels {
  return new WebAssembly.Instance(module, { env: { memory } }).exports as Kernels;
}

/** Number of unclaimed parts, which the ticket's lowest byte holds. */
export function partsLeft(ticket: number): number {
  return ticket & 0xff;
}

/** Blocks until the word is no longer `old`, at most so many milliseconds. @returns the word */
export function waitFor(
  words: Int32Array,
  index: number,
  old: number,
  milliseconds = Number.POSITIVE_INFINITY,
): number {
  for (let i = 0; i < SPINS; i++) {
    const value = Atomics.load(words, index);
    if (value !== old) return value;
  }
  Atomics.wait(words, index, old, milliseconds);
  return Atomics.load(words, index);
}
