/** A tensor that there is no room for. */
export class OutOfMemoryError extends Error {
  override readonly name = 'OutOfMemoryError';
  /** Of the tensor. */
  readonly bytes: number;

  constructor(bytes: number) {
    super(`no room for ${(bytes / 2 ** 20).toFixed(1)} MiB in the memory of the tensors`);
    this.bytes = bytes;
  }
}

/** What others say where there is no room: V8 of arrays, V8 of WebAssembly's memories, TensorFlow, WebGPU (at last, of its limits). */
const COMPLAINTS = [
  /^Array buffer allocation failed/,
  /^WebAssembly\.Memory.*(could not allocate|Unable to grow|Maximum memory size exceeded)/,
  /\bOOM when allocating|\bTF_Status: 8\b|\bRESOURCE_EXHAUSTED\b/,
  /\bout[ -]of[ -](device )?memory\b/i,
  /exceeds the max buffer size limit|larger than the maximum storage buffer binding size/,
];

/** Whether an error says that there is no room, on whatever device. */
export function isOutOfMemory(error: unknown): error is Error {
  if (error instanceof OutOfMemoryError) return true;
  return error instanceof Error && COMPLAINTS.some((complaint) => complaint.test(error.message));
}
