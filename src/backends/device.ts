import * as tf from '@tensorflow/tfjs-core';
import {
  type BackendName,
  type OpenBackend,
  TENSOR_BACKENDS,
  type TensorBackendName,
} from './interface/backend.ts';
import { attempts, type Opened } from './order.ts';
import type { OpenTorch } from './torch/torch.ts';
import { memoryLimitProblem } from './wasm/sharedMemory.ts';

/** Where the tensors of this process live. Close it so that no native threads are left when the process exits. */
export interface Device extends Omit<OpenBackend, 'tfjsBackend'> {
  readonly backend: TensorBackendName;
}

/** A child process with the tensors. Closing it ends the child. */
export interface TorchDevice extends OpenTorch {
  readonly backend: 'torch';
}

/** The requested backend is unavailable. */
export class DeviceError extends Error {
  override readonly name = 'DeviceError';
}

/**
 * Opens a device; one with tensors in this process becomes the one that tensors are made on.
 *
 * @param wanted a backend, or a list of them: the first usable one in the backend order
 * @throws DeviceError with the reason and the remedy if the backend is unavailable, or if GRAIN_MEMORY is invalid
 */
export async function openDevice(wanted: TensorBackendName): Promise<Device>;
export async function openDevice(
  wanted: BackendName | readonly BackendName[],
): Promise<Device | TorchDevice>;
export async function openDevice(
  wanted: BackendName | readonly BackendName[],
): Promise<Device | TorchDevice> {
  const problem = memoryLimitProblem();
  if (problem !== null) throw new DeviceError(problem);
  const isNamed = typeof wanted === 'string';
  const reasons: string[] = [];
  for await (const { report, opened } of attempts(isNamed ? [wanted] : wanted)) {
    if (opened && (report.automatic || isNamed)) return use(opened);
    await opened?.open.close();
    reasons.push(`${report.backend}: ${report.reason} (${report.remedy})`);
  }
  const name = isNamed ? wanted : 'auto';
  throw new DeviceError(`device ${name} cannot be used here — ${reasons.join('; ')}`);
}

/** What `auto` chooses from. @param withTorch whether `torch` can train what the config asks for, or only `torch` can */
export function automaticBackends(withTorch: boolean | 'only'): readonly BackendName[] {
  if (withTorch === 'only') return ['torch'];
  return withTorch ? ['torch', ...TENSOR_BACKENDS] : TENSOR_BACKENDS;
}

async function use(opened: Opened): Promise<Device | TorchDevice> {
  if (opened.backend === 'torch') {
    // The memory of tensors in this process is still measured: 0 bytes, but only of a backend.
    if (!tf.engine().backendName) await tf.setBackend('cpu');
    return { backend: 'torch', ...opened.open };
  }
  const { backend } = opened;
  const { tfjsBackend, ...device } = opened.open;
  if (!(await tf.setBackend(tfjsBackend))) {
    throw new DeviceError(`device ${backend} (${device.name}) was found but could not be started`);
  }
  return { backend, ...device };
}
