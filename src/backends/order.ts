import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import {
  type BackendName,
  type BackendOpener,
  BackendUnavailable,
  type OpenBackend,
  TENSOR_BACKENDS,
  type TensorBackendName,
} from './interface/backend.ts';
import { firstLine } from './interface/optionalPackage.ts';
import { registerMissingKernels } from './kernels/register.ts';
import { openCuda, openTensorflow } from './tensorflow.ts';
import { type OpenTorch, openTorch } from './torch/torch.ts';
import { openWasm } from './wasm/wasm.ts';
import { openWebgpu } from './webgpu/webgpu.ts';

const openers: Readonly<Record<TensorBackendName, BackendOpener>> = {
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

export type Opened =
  | { readonly backend: TensorBackendName; readonly open: OpenBackend }
  | { readonly backend: 'torch'; readonly open: OpenTorch };

/** What trying a backend found. Its owner closes what is open. */
export interface Attempt {
  readonly report: BackendReport;
  readonly opened: Opened | null;
}

export async function tryBackend(backend: BackendName): Promise<Attempt> {
  // Otherwise tfjs prints advice into our output and validates arguments twice.
  tf.enableProdMode();
  try {
    if (backend === 'torch') {
      const open = await openTorch();
      const report = { backend, usable: true, automatic: true, name: open.name };
      return { report, opened: { backend, open } };
    }
    const open = await openers[backend]();
    return { report: reportOf(backend, open), opened: { backend, open } };
  } catch (error) {
    const remedy =
      error instanceof BackendUnavailable ? error.remedy : 'please report this as a bug';
    const reason = firstLine(error);
    return { report: { backend, usable: false, automatic: false, reason, remedy }, opened: null };
  }
}

function reportOf(
  backend: TensorBackendName,
  { name, isSoftware = false, limitation }: OpenBackend,
): BackendReport {
  if (!isSoftware) {
    return {
      backend,
      usable: true,
      automatic: true,
      name,
      ...(limitation ? { reason: limitation } : {}),
    };
  }
  return {
    backend,
    usable: true,
    automatic: false,
    name,
    reason: 'it is a software GPU, slower than the backends below',
    remedy: 'install the driver of a real GPU',
  };
}

/**
 * Tries the backends one after another, best first: PyTorch on a GPU comes first, on the processor before `wasm`.
 *
 * @param choices those that are asked for
 */
export async function* attempts(choices: readonly BackendName[]): AsyncGenerator<Attempt> {
  let later: Attempt | undefined;
  try {
    if (choices.includes('torch')) {
      const torch = await tryBackend('torch');
      if (isOnProcessor(torch)) later = torch;
      else yield torch;
    }
    for (const backend of TENSOR_BACKENDS) {
      if (backend === 'wasm' && later) {
        const torch = later;
        later = undefined;
        yield torch;
      }
      if (choices.includes(backend)) yield await tryBackend(backend);
    }
  } finally {
    await later?.opened?.open.close();
  }
}

function isOnProcessor({ opened }: Attempt): boolean {
  return opened?.backend === 'torch' && !opened.open.onGpu;
}

/** A report on every backend, best first. */
export async function probeBackends(): Promise<BackendReport[]> {
  const reports: BackendReport[] = [];
  for await (const { report, opened } of attempts(['torch', ...TENSOR_BACKENDS])) {
    await opened?.open.close();
    reports.push(report);
  }
  return reports;
}

async function openCpu(): Promise<OpenBackend> {
  registerMissingKernels('cpu');
  return { name: 'JavaScript', tfjsBackend: 'cpu', hostMemory: true, close: async () => {} };
}
