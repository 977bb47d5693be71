/** A device that may tell of errors after the work that caused them. */
export interface Fallible {
  /** Throws the first error that the device told of since it was asked last. */
  check?(): void;
}

/**
 * Does work on a device whose results count only if the device tells of no error. That error comes before any other: what else
 * went wrong followed from it.
 */
export async function checked<T>(device: Fallible, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } finally {
    device.check?.();
  }
}

/** The device is gone: a GPU that was removed, or whose driver crashed or was reset. */
export class DeviceLostError extends Error {
  override readonly name = 'DeviceLostError';
}
