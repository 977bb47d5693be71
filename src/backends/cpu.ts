import '@tensorflow/tfjs-backend-cpu';
import { completeKernels } from './kernels/register.ts';
import type { OpenRung } from './operations/backend.ts';

export async function openCpu(): Promise<OpenRung> {
  completeKernels('cpu');
  return { name: 'JavaScript', backend: 'cpu', hostMemory: true, close: async () => {} };
}
