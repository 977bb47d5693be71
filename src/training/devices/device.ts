import type { Rung } from './rung.ts';

/** Where the tensors of this process live. */
export interface Device {
  readonly rung: Rung;
  /** What a person would call it: the GPU's name, "WASM (SIMD)", … */
  readonly name: string;
  /** True when tensors lie in this process's own memory, so that reading them is cheap and synchronous. */
  readonly hostMemory: boolean;
  /** Gives the device back; afterwards the process may end without lingering native threads. */
  close(): Promise<void>;
}

/** The rung that was asked for cannot be had. */
export class DeviceError extends Error {
  override readonly name = 'DeviceError';
}

/**
 * Makes a device the one that tensors are made on. One device a process: opening a second closes nothing.
 * @param wanted a rung, or `auto`: the first usable one from the top of the ladder.
 * @throws DeviceError saying why the wanted rung cannot be had and what to do.
 */
export async function openDevice(_wanted: Rung | 'auto'): Promise<Device> {
  throw new Error('not written yet');
}
