import { DeviceLostError, isOutOfMemory } from '../interface/deviceErrors.ts';

/** What a GPUDevice has for those who want to know of its errors; the types of the standard describe browsers. */
export interface FailingDevice extends EventTarget {
  readonly lost: Promise<{ readonly message: string }>;
}

interface UncapturedError extends Event {
  readonly error: { readonly message: string };
}

/**
 * Keeps what a GPUDevice says of its errors. None of its commands throws: what is invalid, or finds no room, does nothing, and
 * reads give zeros.
 */
export class DeviceErrors {
  #first: Error | null = null;
  #loss: Error | null = null;
  /** Buffers that found no room are about. */
  #wasFull = false;

  constructor(device: FailingDevice) {
    device.addEventListener('uncapturederror', (event) => {
      // Dawn would print it among our output.
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
   * @throws the first error since the last check, as `isOutOfMemory` knows it if there was no room; of a device that is lost,
   * that it is, each time
   */
  readonly check = (): void => {
    const error = this.#first ?? this.#loss;
    this.#first = null;
    if (error) throw error;
  };

  #asError({ error }: UncapturedError): Error {
    // Where Dawn was when it noticed follows on further lines.
    const said = error.message.split('\n')[0]!.replace(/\.$/, '');
    // tfjs uses buffers again, also those that found no room.
    const followed = this.#wasFull && said.includes('due to a previous error');
    const isMemory = error.constructor.name === 'GPUOutOfMemoryError' || followed;
    return new Error(`WebGPU ${isMemory ? 'is out of memory' : 'reports'}: ${said}`);
  }
}
