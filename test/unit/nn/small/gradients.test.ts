import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import * as tf from '@tensorflow/tfjs-core';
import { type Device, openDevice } from '../../../../src/backends/device.ts';
import { resolvedAggregation } from '../../../../src/config/aggregation.ts';
import { EngineClient } from '../../../../src/engine/client.ts';
import type { AggregatorName } from '../../../../src/engine/types.ts';
import { type Loss, lossOf } from '../../../../src/nn/module/loss.ts';
import type { ModelConfig } from '../../../../src/nn/module/model.ts';
import { buildModel } from '../../../../src/nn/small/build.ts';
import { groupGradient, type TrainableNetwork } from '../../../../src/nn/small/trainableNetwork.ts';
import { StepAggregator } from '../../../../src/training/aggregation/stepAggregator.ts';
import { buildOptimizer } from '../../../../src/training/optimizers/fromConfig.ts';
import type { Optimizer } from '../../../../src/training/optimizers/optimizer.ts';
import { separateOf } from '../../training/aggregation/groups.ts';

const loss: Loss = lossOf.classification;
const CLASSES = 3;
const RATE = 0.05;

interface Batch {
  readonly x: tf.Tensor;
  readonly y: tf.Tensor1D;
}

/** Groups of examples: noise with a bright spot whose place is the label. */
function batchOf(sizes: readonly number[], input: readonly number[], seed: number): Batch[] {
  return sizes.map((size, i) => {
    const noise = tf.randomNormal([size, ...input], 0, 1, 'float32', 1 + seed * 100 + i);
    const labels = Int32Array.from({ length: size }, (_, n) => (n + i + seed) % CLASSES);
    return { x: noise, y: tf.tensor1d(labels, 'int32') };
  });
}

const bits = (variables: readonly tf.Tensor[]) =>
  variables.map((variable) => [...new Uint32Array(variable.dataSync<'float32'>().slice().buffer)]);

const zoo: { name: string; config: ModelConfig; input: number[] }[] = [
  { name: 'mlp', config: { architecture: 'mlp', hidden: [8] }, input: [6] },
  { name: 'cnn', config: { architecture: 'cnn', filters: [2, 3] }, input: [8, 8, 1] },
];

const optimizers = {
  sgd: () => buildOptimizer({ ...options, name: 'sgd' }),
  adamw: () => buildOptimizer({ ...options, name: 'adamw' }),
};
const options = { momentum: 0.9, weightDecay: 0.01, beta1: 0.9, beta2: 0.999, epsilon: 1e-8 };

for (const backend of ['cpu', 'wasm'] as const) {
  describe(`group gradients on ${backend}`, () => {
    let device: Device;
    let engine: EngineClient;
    before(async () => {
      device = await openDevice(backend);
      engine = EngineClient.start();
    });
    after(() => engine.close());

    async function trainWith(
      aggregator: AggregatorName,
      model: TrainableNetwork,
      optimizer: Optimizer,
      batches: readonly (readonly Batch[])[],
    ) {
      const aggregation = resolvedAggregation(aggregator, 'drop');
      const step = new StepAggregator(engine, device, { aggregation });
      for (const groups of batches) {
        const gradients = groups.map(({ x, y }) => groupGradient(model, loss, x, y));
        const sizes = groups.map(({ y }) => y.size);
        const result = await step.aggregate({ kind: 'separate', groups: gradients }, { sizes });
        optimizer.step(model.trainable, result.gradients!, RATE);
        result.dispose();
      }
    }

    /** Plain training, written as anyone would: each micro-batch adds the gradient of its share of the loss. */
    function accumulate(
      model: TrainableNetwork,
      optimizer: Optimizer,
      batches: readonly (readonly Batch[])[],
      scale: 'loss' | 'gradient',
    ) {
      for (const groups of batches) {
        const total = groups.reduce((n, { y }) => n + y.size, 0);
        const sums = model.trainable.map((variable) => tf.zerosLike(variable));
        for (const { x, y } of groups) {
          const share = y.size / total;
          const { grads } = tf.variableGrads(() => {
            const mean = loss(model.apply(x), y);
            return scale === 'loss' ? tf.mul(mean, share) : mean;
          }, model.trainable as tf.Variable[]);
          model.trainable.forEach((variable, i) => {
            const gradient = grads[variable.name]!;
            const term = scale === 'loss' ? gradient : tf.mul(gradient, share);
            sums[i] = tf.add(sums[i]!, term);
          });
        }
        optimizer.step(model.trainable, sums, RATE);
      }
    }

    for (const { name, config, input } of zoo) {
      for (const optimizerName of ['sgd', 'adamw'] as const) {
        for (const [scale, sizes] of [
          ['loss', [4]],
          ['loss', [3, 3]],
          ['loss', [4, 4, 4, 4, 4, 4, 4, 4]],
          ['gradient', [4, 4, 4]],
          ['gradient', [5, 1, 3, 2, 2]],
        ] as const) {
          test(`the mean of groups of ${sizes} is plain training with ${scale} scaled, bit for bit: ${name}, ${optimizerName}`, async () => {
            const shape = { input, outputs: CLASSES };
            const batches = Array.from({ length: 6 }, (_, step) => batchOf(sizes, input, step));
            const ours = await buildModel(config, shape, 3, '.');
            const plain = await buildModel(config, shape, 3, '.');
            const start = bits(ours.trainable);
            await trainWith('mean', ours, optimizers[optimizerName](), batches);
            accumulate(plain, optimizers[optimizerName](), batches, scale);
            assert.deepEqual(bits(ours.trainable), bits(plain.trainable));
            assert.notDeepEqual(bits(ours.trainable), start);
          });
        }
      }
    }

    const aggregator = (name: AggregatorName) =>
      new StepAggregator(engine, device, { aggregation: resolvedAggregation(name, 'drop') });

    test('losses, Gram matrix and combination are those of the gradients', async () => {
      const rows = [
        [3, 0, 0, 1],
        [-1, 2, 0, 0],
        [0, 1, 5, 0],
      ];
      const result = await aggregator('grain').aggregate(separateOf(rows), { sizes: [1, 1, 1] });
      const dot = (a: readonly number[], b: readonly number[]) =>
        a.reduce((sum, value, i) => sum + value * b[i]!, 0);
      assert.deepEqual([...result.losses], [0, 1, 2]);
      assert.deepEqual(
        [...result.gram!],
        rows.flatMap((a) => rows.map((b) => dot(a, b))),
      );
      assert.deepEqual(
        result.gradients!.map((gradient) => gradient.shape),
        [[1, 2], [2]],
      );
      const taken = result.gradients!.flatMap((gradient) => [...gradient.dataSync()]);
      for (let c = 0; c < 4; c++) {
        const expected = rows.reduce((sum, row, i) => sum + result.weights![i]! * row[c]!, 0);
        assert.ok(Math.abs(taken[c]! - expected) < 1e-6);
      }
      for (const row of rows) assert.ok(dot(row, taken) > 0, 'a group is stepped against');
    });

    test('a group that is not finite is left out of the step', async () => {
      const rows = [
        [1, 2, 3, 4],
        [Number.NaN, 0, Number.POSITIVE_INFINITY, 0],
        [1, 2, 3, 4],
      ];
      for (const name of ['mean', 'grain'] as const) {
        const { gradients, weights } = await aggregator(name).aggregate(separateOf(rows), {
          sizes: [1, 1, 1],
        });
        assert.equal(weights![1], 0);
        const taken = gradients!.flatMap((gradient) => [...gradient.dataSync()]);
        for (const [i, value] of taken.entries()) assert.ok(Math.abs(value - (i + 1)) < 1e-6);
      }
    });

    test('no usable gradient: the step is skipped', async () => {
      const { gradients } = await aggregator('grain').aggregate(
        separateOf([
          [0, 0, 0, 0],
          [0, 0, 0, 0],
        ]),
        { sizes: [1, 1] },
      );
      assert.equal(gradients, null);
    });

    test('the number of groups may change from step to step', async () => {
      const step = aggregator('mean');
      for (const k of [1, 4, 2, 5]) {
        const rows = Array.from({ length: k }, (_, i) => [i, 1, 1, 1]);
        const { gram, gradients } = await step.aggregate(separateOf(rows), {
          sizes: rows.map(() => 2),
        });
        assert.equal(gram!.length, k * k);
        assert.ok(Math.abs(gradients![0]!.dataSync()[0]! - (k - 1) / 2) < 1e-6);
      }
    });

    test('2,000 steps hold no more memory than the first', async () => {
      const { config, input } = { config: zoo[0]!.config, input: [6] };
      const model = await buildModel(config, { input, outputs: CLASSES }, 1, '.');
      const batches = [batchOf([2, 2, 2], input, 1)];
      const optimizer = optimizers.adamw();
      await trainWith('grain', model, optimizer, batches);
      const first = tf.memory();
      for (let step = 1; step < 2000; step++) await trainWith('grain', model, optimizer, batches);
      const last = tf.memory();
      assert.equal(last.numTensors, first.numTensors);
      assert.equal(last.numBytes, first.numBytes);
      assert.equal(last.numDataBuffers, first.numDataBuffers);
    });
  });
}
