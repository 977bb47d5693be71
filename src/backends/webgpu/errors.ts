import { DeviceLostError, isOutOfMemory } from '../interface/deviceErrors.ts';

/** The part of a GPUDevice that reports errors; WebGPU's standard types need a browser's. */
export interface FailingDevice extends EventTarget {
  readonly lost: Promise<{ readonly message: string }>;
}

interface UncapturedError extends Event {
  readonly error: { readonly message: string };
}

/**
 * Collects the errors of a GPUDevice. Its commands do not throw: those that are invalid or out of memory do nothing, and reads
 * return zeros.
 */
export class DeviceErrors {
  #first: Error | null = null;
  #loss: Error | null = null;
  /** Whether a buffer could not be allocated: later errors may follow from it. */
  #wasFull = false;

  constructor(device: FailingDevice) {
    device.addEventListener('uncapturederror', (event) => {
      // Otherwise Dawn prints it into our output.
      event.preventDefault();
      const error = this.#asError(event as UncapturedError);
      this.#first ??= error;
      this.#wasFull ||= isOutOfMemory(error);
    });
    device.lost.then(({ message }) => {
      this.#loss = new DeviceLostError(`WebGPU lost the GPU: ${message}`);
    });
  }

  /**
   * @throws the first error since the last check, recognized by `isOutOfMemory` if it is one; if the device is lost,
   * `DeviceLostError` each time
   */
  readonly check = (): void => {
    const error = this.#first ?? this.#loss;
    this.#first = null;
    if (error) throw error;
  };

  #asError({ error }: UncapturedError): Error {
    // Further lines hold Dawn's call stack.
    const message = error.message.split('\n')[0]!.replace(/\.$/, '');
    // tfjs reuses buffers, also those that could not be allocated.
    const followed = this.#wasFull && message.includes('due to a previous error');
    const isMemory = error.constructor.name === 'GPUOutOfMemoryError' || followed;
    return new Error(`WebGPU ${isMemory ? 'is out of memory' : 'reports'}: ${message}`);
  }
}
