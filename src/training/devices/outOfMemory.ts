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
