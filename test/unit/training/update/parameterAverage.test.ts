import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import * as tf from '@tensorflow/tfjs-core';
import { openDevice } from '../../../../src/backends/device.ts';
import type { EntryWithSettings } from '../../../../src/config/aggregation.ts';
import { averagingOf } from '../../../../src/config/techniques/registry.ts';
import { ParameterAverage } from '../../../../src/training/update/parameterAverage.ts';
import { ignoreProgress, trainerOf } from '../trainerOf.ts';

const CONFIG = `
task: regression
data: { train: line.csv, validation: line.csv, target: y }
model: { hidden: [] }
optimizer: { name: sgd, learningRate: 0.05 }
groups: { count: 2 }
batchSize: 8
steps: 10
device: cpu`;

const averaged: EntryWithSettings = {
  ...{ name: 'mean', metric: 'euclidean', smoothing: 0 },
  techniques: { ema: { decay: 0.8 } },
};

let folder: string;
before(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'grain-average-'));
  const rows = Array.from({ length: 16 }, (_, i) => `${i / 8 - 1},${(i % 3) - i / 8}`);
  writeFileSync(path.join(folder, 'line.csv'), ['x,y', ...rows].join('\n'));
});
after(() => rmSync(folder, { recursive: true }));

test('shares: of an exponential average, and of the mean from a step on', () => {
  const ema = averagingOf({ ema: { decay: 0.9 } }, 100)!;
  assert.ok(Math.abs(ema(1) - 0.1) < 1e-12);
  const swa = averagingOf({ swa: { start: 0.5, every: 2 } }, 8)!;
  // θ itself up to step 5, then the mean with step 7.
  assert.deepEqual([1, 4, 5, 6, 7, 8].map(swa), [1, 1, 1, 0, 1 / 2, 0]);
  assert.equal(averagingOf({}, 10), null);
});

test('the average is that of the formula, and the parameters stay what they were', async () => {
  const device = await openDevice('cpu');
  const variable = tf.variable(tf.tensor1d([1, 2]));
  const average = new ParameterAverage([variable], (step) => 1 / (step + 1));
  for (const step of [1, 2, 3]) {
    tf.tidy(() => variable.assign(tf.add(variable, 1)));
    average.add(step);
  }
  const before = tf.memory().numTensors;
  await average.use(async () => {
    // The mean of 1, 2, 3, 4.
    assert.deepEqual([...variable.dataSync()], [2.5, 3.5]);
  });
  assert.deepEqual([...variable.dataSync()], [4, 5]);
  assert.equal(tf.memory().numTensors, before);
  average.dispose();
  variable.dispose();
  await device.close();
});

test('a run with an average takes the same steps, validates the average, and resumes to the bit', async () => {
  const plain = await trainerOf(folder, CONFIG, 'mean');
  const run = await trainerOf(folder, CONFIG, averaged);
  const steps = async (from: number, to: number, trainer = run.trainer) => {
    const losses = [];
    for (let step = from; step <= to; step++) losses.push((await trainer.step(step)).facts.losses);
    return losses;
  };
  assert.deepEqual(await steps(1, 4), await steps(1, 4, plain.trainer));
  const validated = async ({ trainer } = run) => (await trainer.validate(ignoreProgress)).metrics;
  assert.notEqual((await validated()).loss, (await validated(plain)).loss);
  await run.trainer.save(folder, { step: 4, bestMetric: null }, { best: false });

  const expected = [await steps(5, 8), await validated()];
  const resumed = await trainerOf(folder, CONFIG, averaged);
  assert.equal((await resumed.trainer.load(folder))?.state.step, 4);
  assert.deepEqual([await steps(5, 8, resumed.trainer), await validated(resumed)], expected);
  for (const { close } of [plain, run, resumed]) await close();
});
