/** A device has no room for another tensor. */
export class OutOfMemoryError extends Error {
  override readonly name = 'OutOfMemoryError';

  constructor(bytes: number) {
    super(`the device has no room for another ${Math.ceil(bytes / 2 ** 20)} MiB`);
  }
}
