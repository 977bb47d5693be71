/** PyTorch as a backend: a Python child has the tensors. */

import { findInterpreter, NoInterpreterError } from '../../environments/interpreter.ts';
import { BackendUnavailable, type DeviceUsage } from '../interface/backend.ts';
import type { DeferredErrors } from '../interface/deviceErrors.ts';
import { nvidiaUsage } from '../nvidiaSmi.ts';
import { TorchProcess } from './torchProcess.ts';

/** A running child. */
export interface OpenTorch extends DeferredErrors {
  /** For users: what PyTorch computes on, and its version. */
  readonly name: string;
  /** Whether it computes on a GPU. */
  readonly onGpu: boolean;
  /** Bytes of the GPU's memory, if known. */
  readonly memory?: number;
  /** Of Python's packages. */
  readonly versions: Readonly<Record<string, string>>;
  /** The child, a new one if the one before died. @throws BackendUnavailable */
  process(): Promise<TorchProcess>;
  usage(): Promise<DeviceUsage>;
  close(): Promise<void>;
}

/** @throws BackendUnavailable */
export async function openTorch(): Promise<OpenTorch> {
  const interpreter = interpreterOrReason();
  let { process, ready } = await TorchProcess.start(interpreter);
  let starting: Promise<TorchProcess> | undefined;
  const start = async () => {
    ({ process } = await TorchProcess.start(interpreter));
    return process;
  };
  const { device, versions, python } = ready;
  return {
    name: `${device.name} (PyTorch ${versions.torch})`,
    onGpu: device.kind !== 'cpu',
    ...(device.memory !== null && { memory: device.memory }),
    versions: { python, ...versions },
    process: async () => {
      if (!process.hasEnded) return process;
      // Whoever asks meanwhile gets the same one.
      starting ??= start().finally(() => {
        starting = undefined;
      });
      return starting;
    },
    close: async () => {
      await starting?.catch(() => {});
      await process.close();
    },
    usage: () => usageOf(process, device.uuid),
  };
}

async function usageOf(process: TorchProcess, uuid: string | null): Promise<DeviceUsage> {
  const { processorSeconds, memory, utilization } = await process.call('usage', {});
  // PyTorch knows it only with a package of NVIDIA's.
  const use = utilization ?? (uuid === null ? undefined : (await nvidiaUsage(uuid)).utilization);
  return {
    processorSeconds,
    ...(memory && { memory }),
    ...(use !== undefined && { utilization: use }),
  };
}

function interpreterOrReason(): string {
  try {
    return findInterpreter();
  } catch (error) {
    if (error instanceof NoInterpreterError) {
      throw new BackendUnavailable(error.message, error.remedy);
    }
    throw error;
  }
}
