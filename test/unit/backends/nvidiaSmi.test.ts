import assert from 'node:assert/strict';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import { nvidiaGpus, nvidiaUsage } from '../../../src/backends/nvidiaSmi.ts';

const LINES = [
  'GPU-8f0e5f3c-6a5a-2b39-9c52-0d6c2a1f7a11, 1024, 81559, 37, 570.86.15, NVIDIA H100 80GB HBM3',
  'GPU-11111111-6a5a-2b39-9c52-0d6c2a1f7a11, 0, 4096, [N/A], 570.86.15, Quadro, old',
];
const folder = mkdtempSync(path.join(tmpdir(), 'grain-nvidia-'));
after(() => rmSync(folder, { recursive: true }));
const unix = { skip: process.platform === 'win32' && 'needs a shell' };

/** Prints lines as nvidia-smi does. */
function printing(lines: readonly string[]): string {
  const file = path.join(mkdtempSync(path.join(folder, 'bin-')), 'nvidia-smi');
  writeFileSync(file, `#!/bin/sh\ncat <<'END'\n${lines.join('\n')}\nEND\n`);
  chmodSync(file, 0o755);
  return file;
}

test('GPUs have name, memory in bytes and utilization', unix, async () => {
  assert.deepEqual(await nvidiaGpus(printing(LINES)), [
    {
      uuid: 'GPU-8f0e5f3c-6a5a-2b39-9c52-0d6c2a1f7a11',
      name: 'NVIDIA H100 80GB HBM3',
      driver: '570.86.15',
      memory: { used: 1024 * 2 ** 20, total: 81559 * 2 ** 20 },
      utilization: 0.37,
    },
    {
      uuid: 'GPU-11111111-6a5a-2b39-9c52-0d6c2a1f7a11',
      name: 'Quadro, old',
      driver: '570.86.15',
      memory: { used: 0, total: 4096 * 2 ** 20 },
      utilization: null,
    },
  ]);
});

test('a GPU that does not measure its utilization has none', unix, async () => {
  const { memory, ...rest } = await nvidiaUsage('GPU-1', printing(LINES.slice(1)));
  assert.deepEqual(memory, { used: 0, total: 4096 * 2 ** 20 });
  assert.deepEqual(rest, {});
});

test('without a driver, or with one that fails, there are no GPUs', unix, async () => {
  assert.deepEqual(await nvidiaGpus('/nonexistent/nvidia-smi'), []);
  assert.deepEqual(await nvidiaGpus(printing(['No devices were found'])), []);
  assert.deepEqual(await nvidiaUsage('GPU-1', printing([])), {});
});
