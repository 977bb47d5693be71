import * as tf from '@tensorflow/tfjs-core';
import {
  BACKENDS,
  type BackendName,
  type OpenBackend,
  type OwnKernels,
} from './operations/backend.ts';
import type { Fallible } from './operations/checked.ts';
import { tryBackend } from './order.ts';
import { limitProblem } from './wasm/memoryLimit.ts';

/** Where the tensors of this process live. */
export interface Device extends OwnKernels, Fallible {
  readonly backend: BackendName;
  /** What a person would call it: the GPU's name, "WebAssembly (SIMD, one thread)", … */
  readonly name: string;
  /** True when tensors lie in this process's own memory, so that reading them is cheap and synchronous. */
  readonly hostMemory: boolean;
  /** Bytes that tensors may take, where that is known. */
  readonly memory?: number;
  /** Gives the device back, so that the process can end without lingering native threads. */
  close(): Promise<void>;
}

/** The backend that was asked for cannot be had. */
export class DeviceError extends Error {
  override readonly name = 'DeviceError';
}

/**
 * Makes a device the one that tensors are made on.
 * @param wanted a backend, or `auto`: the first that holds, in the backend order.
 * @throws DeviceError saying why the wanted backend cannot be had and what to do, or what is wrong with GRAIN_MEMORY
 */
export async function openDevice(wanted: BackendName | 'auto'): Promise<Device> {
  const problem = limitProblem();
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
