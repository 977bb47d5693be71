import * as tf from '@tensorflow/tfjs-core';
import { openCpu } from './cpu.ts';
import {
  BACKENDS,
  type BackendName,
  type BackendOpener,
  BackendUnavailable,
  type OpenBackend,
} from './operations/backend.ts';
import { firstLine } from './operations/optionalPackage.ts';
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
  /** Whether `auto` would stop here if the backends above do not hold. */
  readonly automatic: boolean;
  /** The device's name, when usable. */
  readonly name?: string;
  /** Why it cannot be used here, why `auto` passes it by, or what it does without. */
  readonly reason?: string;
  /** How to get it. */
  readonly remedy?: string;
}

/** Tries one backend. A usable one comes back open: whoever tries it closes it. */
export async function tryBackend(
  backend: BackendName,
): Promise<{ report: BackendReport; open: OpenBackend | null }> {
  // tfjs otherwise prints advice about itself among our output and checks arguments twice.
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
          reason: 'it imitates a GPU in software, slower than the backends below',
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

/** Every backend from the top, usable or why not. */
export async function probeBackends(): Promise<BackendReport[]> {
  const reports: BackendReport[] = [];
  for (const backend of BACKENDS) {
    const { report, open } = await tryBackend(backend);
    await open?.close();
    reports.push(report);
  }
  return reports;
}
