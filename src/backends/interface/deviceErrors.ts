/** A device that may report errors after the work that caused them. */
export interface DeferredErrors {
  /** Throws the first error that the device reported since the last call. */
  check?(): void;
}

/**
 * Runs work whose results are valid only if the device reports no error. That error takes precedence: whatever else the work
 * throws followed from it.
 */
export async function runChecked<T>(device: DeferredErrors, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } finally {
    device.check?.();
  }
}

/** A tensor could not be allocated. */
export class OutOfMemoryError extends Error {
  override readonly name = 'OutOfMemoryError';

  constructor(bytes: number) {
    super(`cannot allocate ${(bytes / 2 ** 20).toFixed(1)} MiB in the memory of the tensors`);
  }
}

/** Messages of V8 (array buffers, WebAssembly memories), TensorFlow and WebGPU (the last: its buffer limits). */
const OUT_OF_MEMORY = [
  /^Array buffer allocation failed/,
  /^WebAssembly\.Memory.*(could not allocate|Unable to grow|Maximum memory size exceeded)/,
  /\bOOM when allocating|\bTF_Status: 8\b|\bRESOURCE_EXHAUSTED\b/,
  /\bout[ -]of[ -](device )?memory\b/i,
  /exceeds the max buffer size limit|larger than the maximum storage buffer binding size/,
];

/** Whether an error means out of memory, on whatever device. */
export function isOutOfMemory(error: unknown): error is Error {
  if (error instanceof OutOfMemoryError) return true;
  return error instanceof Error && OUT_OF_MEMORY.some((message) => message.test(error.message));
}

/** The device is gone: a GPU that was removed, or whose driver crashed or was reset. */
export class DeviceLostError extends Error {
  override readonly name = 'DeviceLostError';
}
