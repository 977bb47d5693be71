import '@tensorflow/tfjs-backend-cpu';
import { completeKernels } from './kernels/register.ts';
import type { OpenBackend } from './operations/backend.ts';

export async function openCpu(): Promise<OpenBackend> {
  completeKernels('cpu');
  return { name: 'JavaScript', tfjsBackend: 'cpu', hostMemory: true, close: async () => {} };
}
