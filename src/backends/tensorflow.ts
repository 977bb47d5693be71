import { createRequire } from 'node:module';
import * as tf from '@tensorflow/tfjs-core';
import { BackendUnavailable, type OpenBackend } from './interface/backend.ts';
import { requireOptional } from './interface/optionalPackage.ts';
import { nvidiaGpus, nvidiaUsage } from './nvidiaSmi.ts';

const GPU_PACKAGE = '@tensorflow/tfjs-node-gpu';
const CPU_PACKAGE = '@tensorflow/tfjs-node';
const BACKEND = 'tensorflow';

/** The part of tfjs-node's backend used here. Both packages register it under one name, and a process can load only one. */
interface NodeBackend {
  readonly isGPUPackage: boolean;
  readonly isUsingGpuDevice: boolean;
}

export async function openCuda(): Promise<OpenBackend> {
  const loaded = load(GPU_PACKAGE);
  if (!loaded.isGPUPackage) {
    throw new BackendUnavailable(
      `${CPU_PACKAGE} is already loaded in this process`,
      'start a new process with device: cuda',
    );
  }
  if (!loaded.isUsingGpuDevice) {
    throw new BackendUnavailable(
      `${GPU_PACKAGE} loads but finds no GPU`,
      'install the NVIDIA driver, CUDA 11 and cuDNN 8, and check that nvidia-smi lists the GPU',
    );
  }
  const gpu = (await nvidiaGpus())[0];
  return {
    ...opened(`${gpu?.name ?? 'CUDA GPU'} (TensorFlow)`, false),
    ...(gpu && { memory: gpu.memory.total, usage: () => nvidiaUsage(gpu.uuid) }),
  };
}

export async function openTensorflow(): Promise<OpenBackend> {
  load(CPU_PACKAGE);
  return opened('CPU (TensorFlow)', true);
}

function opened(name: string, hostMemory: boolean): OpenBackend {
  return { name, tfjsBackend: BACKEND, hostMemory, close: async () => {} };
}

function load(name: string): NodeBackend {
  if (!tf.engine().registryFactory[BACKEND]) {
    restoreRemovedUtilities();
    requireOptional(name, `npm rebuild ${name} --build-addon-from-source`);
  }
  // tfjs-node is optional, so its types are not imported.
  return tf.findBackend(BACKEND) as unknown as NodeBackend;
}

/** tfjs-node calls type checks that newer versions of Node removed from node:util or deprecated; without them it fails to load. */
function restoreRemovedUtilities(): void {
  const util: Record<string, unknown> = createRequire(import.meta.url)('node:util');
  Object.assign(util, {
    isNullOrUndefined: (value: unknown) => value === null || value === undefined,
    isArray: Array.isArray,
  });
}
