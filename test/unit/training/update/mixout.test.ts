import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import * as tf from '@tensorflow/tfjs-core';
import { type Device, openDevice } from '../../../../src/backends/device.ts';
import type { GradientSource } from '../../../../src/nn/module/gradientSource.ts';
import type { Model } from '../../../../src/nn/module/model.ts';
import { Mixout } from '../../../../src/training/update/mixout.ts';

let device: Device;
before(async () => {
  device = (await openDevice('cpu')) as Device;
});
after(() => device.close());

const START = [1, 2, 3, 4, 5, 6];
const NOW = [2, 0, 4, 8, 5, 7];

/** A weight of 2 outputs × 3 inputs, or transposed, and a bias; weights have moved since the start. */
function mixing(probability: number, inputs: 0 | 1) {
  const shape: [number, number] = inputs === 1 ? [2, 3] : [3, 2];
  const weight = tf.tidy(() => tf.variable(tf.tensor2d(START, shape)));
  const bias = tf.tidy(() => tf.variable(tf.tensor1d([7])));
  const model = { trainable: [weight, bias], pretrainedLinear: [{ variable: 0, inputs }] };
  const mixout = new Mixout(model as unknown as Model, { probability, seed: 3 });
  tf.tidy(() => weight.assign(tf.tensor2d(NOW, shape)));
  /** What a pass sees, whose gradient by the weights is 1, 2, … and by the bias 1, for one group. */
  const grouped = async (step: number) => {
    let seen: number[] = [];
    const gradients: number[][] = [];
    const source: GradientSource = {
      kind: 'grouped',
      run: async (sink) => {
        seen = [...weight.dataSync()];
        sink.add(0, { stacked: tf.tensor3d([1, 2, 3, 4, 5, 6], [1, ...shape]) });
        sink.add(1, { stacked: tf.tensor2d([[1]]) });
        return [0.5];
      },
    };
    const mixed = mixout.mixed(source, step);
    assert.equal(mixed.kind, 'grouped');
    await mixed.run({
      add: (variable, { stacked }) => {
        gradients[variable] = [...stacked.dataSync()];
        stacked.dispose();
      },
      flush: async () => {},
    });
    assert.deepEqual([...weight.dataSync()], NOW);
    return { seen, gradients };
  };
  const column = (at: number) => (inputs === 1 ? at % 3 : Math.floor(at / 2));
  const dispose = () => {
    mixout.dispose();
    tf.dispose([weight, bias]);
  };
  return { mixout, weight, grouped, column, dispose };
}

for (const inputs of [0, 1] as const) {
  test(`weights are u, or beyond θ as seen from u, by inputs along axis ${inputs}`, async () => {
    const tensors = tf.memory().numTensors;
    const { grouped, column, dispose } = mixing(0.5, inputs);
    const total = START.map(() => 0);
    const steps = 400;
    for (let step = 1; step <= steps; step++) {
      const { seen, gradients } = await grouped(step);
      assert.deepEqual(gradients[1], [1], 'the bias is left alone');
      const replaced = new Set<number>();
      for (const [i, gradient] of gradients[0]!.entries()) {
        // (A·u + (1 − A)·θ − p·u)/(1 − p), and its derivative.
        const isReplaced = gradient === 0;
        const from = isReplaced ? START[i]! : NOW[i]!;
        assert.equal(seen[i], (from - 0.5 * START[i]!) / 0.5);
        assert.equal(gradient, isReplaced ? 0 : (i + 1) / 0.5);
        if (isReplaced) replaced.add(column(i));
        total[i]! += seen[i]! / steps;
      }
      const zeros = gradients[0]!.filter((it) => it === 0).length;
      assert.equal(zeros, 2 * replaced.size, 'all weights of an input together');
    }
    // The mean is θ: a standard error of |θ − u|/20.
    for (const [i, mean] of total.entries()) {
      assert.ok(Math.abs(mean - NOW[i]!) <= Math.abs(NOW[i]! - START[i]!) / 4 + 1e-9, `${total}`);
    }
    dispose();
    assert.equal(tf.memory().numTensors, tensors);
  });
}

test('a step draws the same each time, also group by group, and leaves the weights where work fails', async () => {
  const { mixout, weight, grouped, dispose } = mixing(0.5, 1);
  const first = await grouped(7);
  assert.deepEqual(await grouped(7), first);
  const groups = function* () {
    assert.deepEqual([...weight.dataSync()], first.seen);
    const gradients = [tf.tensor2d([1, 2, 3, 4, 5, 6], [2, 3]), tf.tensor1d([1])];
    yield { loss: tf.scalar(0.5), gradients };
    throw new Error('out of memory');
  };
  const separate = mixout.mixed({ kind: 'separate', groups: groups() }, 7);
  assert.equal(separate.kind, 'separate');
  const seen: number[][] = [];
  const work = async () => {
    for await (const { loss, gradients } of separate.groups) {
      seen.push([...gradients[0]!.dataSync()]);
      tf.dispose([loss, ...gradients]);
    }
  };
  await assert.rejects(work(), /out of memory/);
  assert.deepEqual(seen, [first.gradients[0]]);
  assert.deepEqual([...weight.dataSync()], NOW);
  dispose();
});
