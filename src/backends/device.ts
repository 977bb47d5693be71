import * as tf from '@tensorflow/tfjs-core';
import { type OpenRung, type OwnKernels, RUNGS, type Rung } from './operations/backend.ts';
import type { Fallible } from './operations/checked.ts';
import { tryRung } from './order.ts';
import { limitProblem } from './wasm/memoryLimit.ts';

/** Where the tensors of this process live. */
export interface Device extends OwnKernels, Fallible {
  readonly rung: Rung;
  /** What a person would call it: the GPU's name, "WebAssembly (SIMD, one thread)", … */
  readonly name: string;
  /** True when tensors lie in this process's own memory, so that reading them is cheap and synchronous. */
  readonly hostMemory: boolean;
  /** Bytes that tensors may take, where that is known. */
  readonly memory?: number;
  /** Gives the device back, so that the process can end without lingering native threads. */
  close(): Promise<void>;
}

/** The rung that was asked for cannot be had. */
export class DeviceError extends Error {
  override readonly name = 'DeviceError';
}

/**
 * Makes a device the one that tensors are made on.
 * @param wanted a rung, or `auto`: the first that holds, from the top of the ladder.
 * @throws DeviceError saying why the wanted rung cannot be had and what to do, or what is wrong with GRAIN_MEMORY
 */
export async function openDevice(wanted: Rung | 'auto'): Promise<Device> {
  const problem = limitProblem();
  if (problem !== null) throw new DeviceError(problem);
  const reasons: string[] = [];
  for (const rung of wanted === 'auto' ? RUNGS : [wanted]) {
    const { report, open } = await tryRung(rung);
    if (open && (report.automatic || wanted === rung)) return use(rung, open);
    await open?.close();
    reasons.push(`${rung}: ${report.reason} (${report.remedy})`);
  }
  throw new DeviceError(`device ${wanted} cannot be used here — ${reasons.join('; ')}`);
}

async function use(rung: Rung, open: OpenRung): Promise<Device> {
  const { backend, ...device } = open;
  if (!(await tf.setBackend(backend))) {
    throw new DeviceError(`device ${rung} (${device.name}) was found but could not be started`);
  }
  return { rung, ...device };
}
