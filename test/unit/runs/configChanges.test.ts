import assert from 'node:assert/strict';
import { test } from 'node:test';
import { configChanges, formatChange } from '../../../src/runs/configChanges.ts';

test('only what differs is told: sections key by key, lists as values', () => {
  const before = { steps: 200, optimizer: { name: 'adamw', learningRate: 0.001 }, seeds: [0, 1] };
  const after = {
    steps: 200,
    optimizer: { name: 'adamw', learningRate: 0.002, warmup: 0.1 },
    seeds: [0, 1, 2],
  };
  assert.deepEqual(configChanges(before, after).map(formatChange), [
    'optimizer.learningRate 0.001 → 0.002',
    'optimizer.warmup none → 0.1',
    'seeds [0,1] → [0,1,2]',
  ]);
  assert.deepEqual(configChanges(before, structuredClone(before)), []);
});
