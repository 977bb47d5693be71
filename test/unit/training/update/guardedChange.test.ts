import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import * as tf from '@tensorflow/tfjs-core';
import { type Device, openDevice } from '../../../../src/backends/device.ts';
import { resolvedAggregation } from '../../../../src/config/aggregation.ts';
import { EngineClient } from '../../../../src/engine/client.ts';
import { StepAggregator } from '../../../../src/training/aggregation/stepAggregator.ts';
import { guardChange } from '../../../../src/training/update/guardedChange.ts';
import { ParameterChange } from '../../../../src/training/update/parameterChange.ts';
import { normalRows, random } from '../../engine/random.ts';
import { separateOf } from '../aggregation/groups.ts';

const SIZE = 12;

for (const backend of ['cpu', 'wasm'] as const) {
  describe(`the correction of a change on ${backend}`, () => {
    let device: Device;
    let engine: EngineClient;
    before(async () => {
      device = await openDevice(backend);
      engine = EngineClient.start();
    });
    after(() => engine.close());

    test('of groups that are nearly opposite is corrected again, until only rounding is left', async () => {
      const aggregation = resolvedAggregation('mean', 'drop');
      const aggregator = new StepAggregator(engine, device, { aggregation });
      let corrected = 0;
      for (let seed = 0; seed < 100; seed++) {
        const before = tf.memory().numTensors;
        const [first, noise, other, proposed] = normalRows(4, SIZE, random(seed));
        const opposite = first!.map((x, j) => -x + 1e-3 * noise![j]!);
        const rows = [first!, opposite, other!].map((row) => row.map(Math.fround));
        const step = await aggregator.aggregate(separateOf(rows), { sizes: [1, 1, 1] });
        // Parameters much smaller than the step: what rounding them explains is little.
        const variables = tf.tidy(() =>
          step.gradients!.map((part) => tf.variable(tf.mul(part, 1e-6))),
        );
        const change = new ParameterChange(device, step, variables);
        let at = 0;
        for (const variable of variables) {
          const part = proposed!.subarray(at, at + variable.size);
          at += variable.size;
          tf.tidy(() => variable.assign(tf.sub(variable, tf.tensor([...part], variable.shape))));
        }
        const { update, guard } = await guardChange(change, step.gram!, 0);
        if (guard) corrected++;
        for (const [i, row] of rows.entries()) {
          const floor = update.rounding! * Math.hypot(...row);
          assert.ok(update.inner[i]! >= -floor, `seed ${seed}, group ${i}: ${update.inner[i]}`);
        }
        change.dispose();
        tf.dispose(variables);
        step.dispose();
        assert.equal(tf.memory().numTensors, before);
      }
      assert.ok(corrected > 90);
    });
  });
}
