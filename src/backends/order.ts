import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import {
  BACKENDS,
  type BackendName,
  type BackendOpener,
  BackendUnavailable,
  type OpenBackend,
} from './interface/backend.ts';
import { firstLine } from './interface/optionalPackage.ts';
import { registerMissingKernels } from './kernels/register.ts';
import { openCuda, openTensorflow } from './tensorflow.ts';
import { openWasm } from './wasm/wasm.ts';
import { openWebgpu } from './webgpu/webgpu.ts';

const openers: Readonly<Record<BackendName, BackendOpener>> = {
  cuda: openCuda,
  tensorflow: openTensorflow,
  webgpu: openWebgpu,
  wasm: openWasm,
  cpu: openCpu,
};

export interface BackendReport {
  readonly backend: BackendName;
  readonly usable: boolean;
  /** Whether `auto` would choose it if the backends above are unusable. */
  readonly automatic: boolean;
  /** The device's name, when usable. */
  readonly name?: string;
  /** Why it is unusable, why `auto` skips it, or what it lacks. */
  readonly reason?: string;
  /** How to make it usable. */
  readonly remedy?: string;
}

/** Tries to open one backend. The caller closes it. */
export async function tryBackend(
  backend: BackendName,
): Promise<{ report: BackendReport; open: OpenBackend | null }> {
  // Otherwise tfjs prints advice into our output and validates arguments twice.
  tf.enableProdMode();
  try {
    const open = await openers[backend]();
    const { name, isSoftware = false, limitation } = open;
    const report: BackendReport = isSoftware
      ? {
          backend,
          usable: true,
          automatic: false,
          name,
          reason: 'it is a software GPU, slower than the backends below',
          remedy: 'install the driver of a real GPU',
        }
      : {
          backend,
          usable: true,
          automatic: true,
          name,
          ...(limitation ? { reason: limitation } : {}),
        };
    return { report, open };
  } catch (error) {
    const remedy =
      error instanceof BackendUnavailable ? error.remedy : 'please report this as a bug';
    const reason = firstLine(error);
    return { report: { backend, usable: false, automatic: false, reason, remedy }, open: null };
  }
}

/** A report on every backend, best first. */
export async function probeBackends(): Promise<BackendReport[]> {
  const reports: BackendReport[] = [];
  for (const backend of BACKENDS) {
    const { report, open } = await tryBackend(backend);
    await open?.close();
    reports.push(report);
  }
  return reports;
}

async function openCpu(): Promise<OpenBackend> {
  registerMissingKernels('cpu');
  return { name: 'JavaScript', tfjsBackend: 'cpu', hostMemory: true, close: async () => {} };
}
