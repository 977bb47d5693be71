import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import * as tf from '@tensorflow/tfjs-core';
import { type Device, openDevice } from '../../../../src/backends/device.ts';
import { resolvedAggregation } from '../../../../src/config/aggregation.ts';
import { EngineClient } from '../../../../src/engine/client.ts';
import type { AggregatedStep } from '../../../../src/training/aggregation/aggregatedStep.ts';
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

    /** Moves parameters, which are the mean of the gradients times `scale`, by `proposed`, and guards that. */
    async function guarded(
      step: AggregatedStep,
      proposed: Float64Array,
      scale: number,
      gram: Float64Array,
    ) {
      const variables = tf.tidy(() =>
        step.gradients!.map((part) => tf.variable(tf.mul(part, scale))),
      );
      const change = new ParameterChange(device, step, variables);
      let at = 0;
      for (const variable of variables) {
        const part = proposed.subarray(at, at + variable.size);
        at += variable.size;
        tf.tidy(() => variable.assign(tf.sub(variable, tf.tensor([...part], variable.shape))));
      }
      const result = await guardChange(change, gram, 0);
      change.dispose();
      tf.dispose(variables);
      return result;
    }

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
        const { update, guard } = await guarded(step, proposed!, 1e-6, step.gram!);
        if (guard) corrected++;
        for (const [i, row] of rows.entries()) {
          const floor = update.rounding! * Math.hypot(...row);
          assert.ok(update.inner[i]! >= -floor, `seed ${seed}, group ${i}: ${update.inner[i]}`);
        }
        step.dispose();
        assert.equal(tf.memory().numTensors, before);
      }
      assert.ok(corrected > 90);
    });

    test('that leaves only rounding is said to have stalled, nearly always even if the Gram matrix is as exact as float32', async () => {
      const aggregation = resolvedAggregation('mean', 'drop');
      const aggregator = new StepAggregator(engine, device, { aggregation });
      let stalls = 0;
      for (let seed = 0; seed < 50; seed++) {
        const numbers = random(seed);
        const [one, two, three, proposed] = normalRows(4, 3, numbers);
        // The groups point in all directions: each step harms one of them.
        const half = [one!, two!, three!].map((row) => row.map(Math.fround));
        const rows = [...half, ...half.map((row) => row.map((x) => Math.fround(-1.7 * x + 0.01)))];
        const step = await aggregator.aggregate(separateOf(rows), { sizes: rows.map(() => 1) });
        const k = rows.length;
        const gram = step.gram!.slice();
        for (let i = 0; i < k; i++) {
          for (let j = 0; j < i; j++) {
            const error = 1e-6 * (2 * numbers.uniform() - 1);
            gram[i * k + j]! += error;
            gram[j * k + i] = gram[i * k + j]!;
          }
        }
        if ((await guarded(step, proposed!, 1, gram)).guard?.stalled) stalls++;
        step.dispose();
      }
      assert.ok(stalls >= 45, `${stalls} of 50`);
    });
  });
}
