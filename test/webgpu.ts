import type { TestContext } from 'node:test';
import { probeBackends } from '../src/backends/order.ts';

/** Whether there is a WebGPU to test on. Without one the test is skipped, but where `test/webgpu.sh` runs it, it fails. */
export async function hasWebgpu(t: TestContext): Promise<boolean> {
  const { usable, reason } = (await probeBackends()).find(({ backend }) => backend === 'webgpu')!;
  if (usable) return true;
  if (process.env.GRAIN_EXPECT_WEBGPU) throw new Error(`no WebGPU here: ${reason}`);
  t.skip(`no WebGPU here: ${reason}; npm run test:webgpu brings one`);
  return false;
}
