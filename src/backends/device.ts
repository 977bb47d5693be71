import * as tf from '@tensorflow/tfjs-core';
import { BACKENDS, type BackendName, type OpenBackend } from './interface/backend.ts';
import { tryBackend } from './order.ts';
import { memoryLimitProblem } from './wasm/sharedMemory.ts';

/** Where the tensors of this process live. Close it so that no native threads are left when the process exits. */
export interface Device extends Omit<OpenBackend, 'tfjsBackend'> {
  readonly backend: BackendName;
}

/** The requested backend is unavailable. */
export class DeviceError extends Error {
  override readonly name = 'DeviceError';
}

/**
 * Opens a device and makes it the one that tensors are made on.
 *
 * @param wanted a backend, or `auto`: the first usable one, in the backend order
 * @throws DeviceError with the reason and the remedy if the backend is unavailable, or if GRAIN_MEMORY is invalid
 */
export async function openDevice(wanted: BackendName | 'auto'): Promise<Device> {
  const problem = memoryLimitProblem();
  if (problem !== null) throw new DeviceError(problem);
  const reasons: string[] = [];
  for (const backend of wanted === 'auto' ? BACKENDS : [wanted]) {
    const { report, open } = await tryBackend(backend);
    if (open && (report.automatic || wanted === backend)) return use(backend, open);
    await open?.close();
    reasons.push(`${backend}: ${report.reason} (${report.remedy})`);
  }
  throw new DeviceError(`device ${wanted} cannot be used here — ${reasons.join('; ')}`);
}

async function use(backend: BackendName, open: OpenBackend): Promise<Device> {
  const { tfjsBackend, ...device } = open;
  if (!(await tf.setBackend(tfjsBackend))) {
    throw new DeviceError(`device ${backend} (${device.name}) was found but could not be started`);
  }
  return { backend, ...device };
}
