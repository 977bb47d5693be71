import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import * as tf from '@tensorflow/tfjs-core';
import { type Device, openDevice } from '../../../src/backends/device.ts';
import type { Operations } from '../../../src/backends/operations/operations.ts';
import { tfjsOperations } from '../../../src/backends/operations/tfjsOperations.ts';
import { dropoutOf } from '../../../src/nn/layers/dropout.ts';
import type { FineTuningPlan } from '../../../src/nn/parameters/source.ts';
import { buildOptimizer } from '../../../src/training/optimizers/fromConfig.ts';
import { hasWebgpu } from '../../webgpu.ts';
import { distance, Gradients } from './gradients.ts';
import type { Network } from './peer.ts';
import { tinyBatch, tinyBert, tinyLabels } from './tinyBert.ts';

const lora = { rank: 4, alpha: 8, dropout: 0.1, targets: ['query', 'value', 'dense'] };
const plans: Readonly<Record<string, Partial<FineTuningPlan>>> = {
  'all of it': {},
  adapters: { newHead: true, lora },
  'the upper layer': { freeze: 1 },
  'a fresh upper layer, below it adapters': { reinitialize: 1, newHead: true, lora },
};

/** AdamW with the mean of the groups' gradients. @returns the losses of both groups at each step */
async function train({ model, parameters }: Network, steps: number): Promise<number[][]> {
  const { trained, trainable } = parameters;
  const optimizer = buildOptimizer({
    ...{ name: 'adamw', momentum: 0, weightDecay: 0 },
    ...{ beta1: 0.9, beta2: 0.999, epsilon: 1e-8 },
  });
  const losses: number[][] = [];
  for (let step = 1; step <= steps; step++) {
    const sink = new Gradients();
    losses.push([...(await model.gradients(tinyBatch, tinyLabels, dropoutOf(3, step, 0), sink))]);
    const gradients = tf.tidy(() =>
      trained.map(({ name, value }) =>
        tf.mean(tf.tensor(sink.of.get(name)!, [2, ...value.shape]), 0),
      ),
    );
    optimizer.step(trainable, gradients, 0.003);
    tf.dispose(gradients);
  }
  optimizer.dispose();
  return losses;
}

describe('a tiny BERT trains', () => {
  let device: Device;
  let operations: Operations;
  before(async () => {
    device = await openDevice('wasm');
    operations = device.operations ?? tfjsOperations;
  });
  after(() => device.close());

  for (const [what, plan] of Object.entries(plans)) {
    test(`${what}: losses fall, the same ones each time, and nothing is left behind`, async () => {
      const before = tf.memory().numTensors;
      const runs: number[][][] = [];
      for (const checkpointing of [false, true]) {
        const network = await tinyBert(operations, plan, checkpointing);
        runs.push(await train(network, 120));
        network.parameters.dispose();
      }
      const means = runs[0]!.map(([a, b]) => (a! + b!) / 2);
      const last = means.slice(-5).reduce((sum, loss) => sum + loss) / 5;
      assert.ok(last < means[0]! / 2, `from ${means[0]} to ${last}`);
      assert.deepEqual(runs[1], runs[0]);
      assert.equal(tf.memory().numTensors, before);
    });
  }
});

describe('a tiny BERT on WebGPU', () => {
  test('has the losses and gradients that the CPU gives', async (t) => {
    if (!(await hasWebgpu(t))) return;
    const passes: { losses: readonly number[]; of: Gradients['of'] }[] = [];
    for (const backend of ['cpu', 'webgpu'] as const) {
      const device = await openDevice(backend);
      const { model, parameters } = await tinyBert(tfjsOperations);
      const sink = new Gradients();
      const dropout = dropoutOf(1, 1, 0);
      const losses = await model.gradients(tinyBatch, tinyLabels, dropout, sink);
      passes.push({ losses, of: sink.of });
      parameters.dispose();
      await device.close();
    }
    const [cpu, gpu] = passes as [(typeof passes)[0], (typeof passes)[0]];
    assert.ok(distance(gpu.losses, cpu.losses) < 1e-3);
    for (const [name, gradient] of cpu.of) {
      const far = distance(gpu.of.get(name)!, gradient);
      assert.ok(far < 1e-3, `${name}: ${far}`);
    }
  });
});
