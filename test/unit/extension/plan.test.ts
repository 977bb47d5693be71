import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseConfig } from '../../../src/config/parse.ts';
import { expectedTime, formatPlan, formatRoughly } from '../../../src/extension/configs/plan.ts';
import { summary } from './fixtures.ts';

const text = 'data: { train: a.csv, validation: b.csv, target: y }\nsteps: 100\nseeds: [0, 1, 2]';
const { config } = parseConfig(text, 'grain.yaml');
const tune = { learningRates: [0.1, 0.2, 0.3], seeds: 2 };

test('a plan counts methods and seeds', () => {
  assert.equal(formatPlan(config), '2 methods × 3 seeds');
  assert.equal(formatPlan({ ...config, aggregate: ['grain'], seeds: [4] }), '1 method × 1 seed');
  assert.equal(formatPlan({ ...config, seeds: { init: 2, order: 3 } }), '2 methods × 6 seeds');
  assert.equal(formatPlan({ ...config, seeds: 'auto' }), '2 methods × 8 seeds or more');
  const grid = { learningRate: [1, 2], batchSize: [16, 32] };
  assert.equal(formatPlan({ ...config, grid }), '2 methods × 4 points × 3 seeds');
  assert.equal(formatPlan({ ...config, tune }), '2 methods × 3 seeds, after 12 runs to tune');
  const ray = { address: 'auto', cpus: 1, gpus: 0 };
  assert.equal(formatPlan({ ...config, ray }), '2 methods × 3 seeds on Ray');
});

test('the time to expect follows from the finished runs of the last launch', () => {
  const run = { ...summary({ step: 50 }), startedAt: 0, endedAt: 10_000 };
  const stopped = { ...run, status: 'stopped', step: 10 } as const;
  assert.equal(expectedTime(config, [run, stopped]), 6 * 100 * 200);
  assert.equal(expectedTime(config, [stopped]), null);
  // Two at the same time, and a third one later.
  const beside = { ...run, startedAt: 2_000, endedAt: 12_000 };
  const later = { ...run, startedAt: 50_000, endedAt: 53_000 };
  assert.equal(expectedTime(config, [later, beside, run]), 6 * 100 * 100);
  assert.equal(expectedTime({ ...config, tune }, [run]), (6 + 12) * 100 * 200);
  // As many steps as the last launch had: those of epochs are not known here.
  assert.equal(expectedTime({ ...config, epochs: 3 }, [run]), 6 * 200 * 200);
});

test('times are told roughly', () => {
  const told = [20_000, 120_000, 1_620_000, 5_400_000].map(formatRoughly);
  assert.deepEqual(told, ['under a minute', 'about 2 min', 'about 25 min', 'about 1 h 30 min']);
});
