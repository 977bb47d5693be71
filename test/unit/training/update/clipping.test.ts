import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import * as tf from '@tensorflow/tfjs-core';
import { type Device, openDevice } from '../../../../src/backends/device.ts';
import { clipNorm } from '../../../../src/training/update/clipping.ts';
import { ringsOf } from '../../../integration/rings.ts';
import { python } from '../../../python/python.ts';
import { normalRows, random } from '../../engine/random.ts';
import { trainerOf } from '../trainerOf.ts';

/** Gradients of two variables, shorter, about as long as and longer than the norm they are clipped to. */
const cases = [0.1, 0.999, 1.001, 3, 1e6].map((scale, seed) => {
  const [row] = normalRows(1, 12, random(seed));
  const length = Math.hypot(...row!);
  const values = Array.from(row!, (x) => Math.fround((scale * 0.5 * x) / length));
  return { most: 0.5, gradients: [values.slice(0, 4), values.slice(4)] };
});
const zero = { most: 0.5, gradients: [[0, 0], [0]] };

for (const backend of ['cpu', 'wasm'] as const) {
  describe(`clipping a gradient’s norm on ${backend}`, () => {
    let device: Device;
    before(async () => {
      device = await openDevice(backend);
    });

    for (const hostMemory of [true, false]) {
      test(`as torch.nn.utils.clip_grad_norm_${hostMemory ? '' : ', as if on a GPU'}`, async () => {
        const all = [...cases, zero];
        const expected = JSON.parse(await python('clipping_peer.py', [JSON.stringify(all)]));
        for (const [i, { most, gradients }] of all.entries()) {
          const tensors = gradients.map((values) => tf.tensor1d(values));
          const clipped = await clipNorm({ ...device, hostMemory }, tensors, most);
          for (const [v, tensor] of clipped.gradients.entries()) {
            const [ours, theirs] = [tensor.dataSync(), expected[i].gradients[v]];
            for (const [at, x] of ours.entries()) {
              assert.ok(Math.abs(x - theirs[at]) <= 1e-6 * most, `case ${i}: ${x}, ${theirs[at]}`);
            }
          }
          const { clipping } = clipped;
          assert.equal(clipping !== undefined, expected[i].norm > most);
          if (clipping) assert.ok(Math.abs(clipping.norm / expected[i].norm - 1) <= 1e-6);
          else assert.equal(clipped.gradients, tensors);
        }
      });
    }
  });
}

describe('a run with maxGradNorm', () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'grain-clipping-'));
  writeFileSync(path.join(folder, 'rings.csv'), ringsOf(60));
  after(() => rmSync(folder, { recursive: true }));

  test('moves the parameters by the clipped gradient, and keeps to it when resumed', async () => {
    const config = `model: { hidden: [8] }
data: { train: rings.csv, validation: rings.csv, target: ring }
groups: { count: 4 }
optimizer: { name: sgd, learningRate: 0.5, maxGradNorm: 0.05 }
batchSize: 16
steps: 20
device: cpu`;
    const whole = await trainerOf(folder, config, 'mean');
    const facts = [];
    for (let step = 1; step <= 20; step++) {
      facts.push((await whole.trainer.step(step)).facts);
      if (step === 10)
        await whole.trainer.save(folder, { step, bestMetric: null }, { best: false });
    }
    const clipped = facts.filter(({ clipping }) => clipping);
    assert.ok(clipped.length > 10);
    for (const { clipping, update } of clipped) {
      assert.ok(clipping!.norm > 0.05);
      assert.ok(Math.abs(clipping!.factor * clipping!.norm - 0.05) <= 1e-6);
      assert.ok(Math.abs(Math.sqrt(update!.norm2!) - 0.5 * 0.05) <= 1e-6);
    }
    const resumed = await trainerOf(folder, config, 'mean');
    await resumed.trainer.load(folder);
    for (let step = 11; step <= 20; step++) {
      const again = (await resumed.trainer.step(step)).facts;
      assert.deepEqual(again.clipping, facts[step - 1]!.clipping);
      assert.deepEqual(again.update, facts[step - 1]!.update);
    }
    await resumed.close();
    await whole.close();
  });
});
