import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { open, truncate } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import { readOptimizer, writeOptimizer } from '../../../../src/training/optimizers/state.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'grain-optimizer-'));
after(() => rmSync(folder, { recursive: true }));
const valuesFile = path.join(folder, 'optimizer.bin');

test('arrays come back in order, also views of larger ones and empty ones', async () => {
  const all = Float32Array.of(0, 1.5, -0, Number.NaN, 3e-45, -7);
  const state = {
    steps: 3,
    slots: [
      { name: 'first/0', shape: [2, 2], values: all.subarray(1, 5) },
      { name: 'first/1', shape: [0, 3], values: new Float32Array() },
      { name: 'second/0', shape: [], values: all.subarray(5) },
    ],
  };
  await writeOptimizer(folder, state);
  assert.deepEqual(await readOptimizer(folder), state);
  assert.deepEqual(readFileSync(valuesFile), Buffer.from(all.buffer, 4));
});

test('a file that is too short is rejected, with the name of the array', async () => {
  const values = Float32Array.of(1, 2, 3);
  await writeOptimizer(folder, { steps: 1, slots: [{ name: 'velocity/0', shape: [3], values }] });
  await truncate(valuesFile, 11);
  await assert.rejects(
    readOptimizer(folder),
    /optimizer\.bin is too short: 1 bytes of velocity\/0 are missing/,
  );
});

test('more than 2 GiB are read', async () => {
  const half = [2 ** 28];
  const slots = [
    { name: 'first/0', shape: half },
    { name: 'first/1', shape: half },
    { name: 'first/2', shape: [2] },
  ];
  writeFileSync(path.join(folder, 'optimizer.json'), JSON.stringify({ steps: 1, slots }));
  // The file is a hole but for its ends.
  const file = await open(valuesFile, 'w');
  await file.write(Buffer.from(Float32Array.of(1).buffer), 0, 4, 0);
  await file.write(Buffer.from(Float32Array.of(2, 3).buffer), 0, 8, 2 ** 31);
  await file.close();
  const { slots: read } = await readOptimizer(folder);
  assert.deepEqual(
    read.map(({ values }) => values.length),
    [2 ** 28, 2 ** 28, 2],
  );
  assert.equal(read[0]!.values[0], 1);
  assert.deepEqual([...read[2]!.values], [2, 3]);
});
