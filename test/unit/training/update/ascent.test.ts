import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import * as tf from '@tensorflow/tfjs-core';
import { type Device, openDevice } from '../../../../src/backends/device.ts';
import { addNoise } from '../../../../src/nn/parameters/noise.ts';
import { uphill } from '../../../../src/training/update/ascent.ts';

let device: Device;
before(async () => {
  device = (await openDevice('cpu')) as Device;
});
after(() => device.close());

describe('uphill', () => {
  /** θ = (1, −2) in two variables, g = (3, 4); what is seen there. */
  async function seen(radius: number, eta: number | null, g = [3, 4]): Promise<number[]> {
    const variables = [1, -2].map((value) => tf.variable(tf.tensor1d([value])));
    const gradients = g.map((value) => tf.tensor1d([value]));
    const values = () => variables.map((variable) => variable.dataSync()[0]!);
    const tensors = tf.memory().numTensors;
    const there = await uphill(device, variables, gradients, { radius, eta }, async () => values());
    assert.deepEqual(values(), [1, -2]);
    assert.equal(tf.memory().numTensors, tensors);
    tf.dispose([...variables, ...gradients]);
    return there;
  }

  const close = (actual: number[], expected: number[]) =>
    actual.forEach((value, i) => {
      assert.ok(Math.abs(value - expected[i]!) < 1e-6, `${actual} instead of ${expected}`);
    });

  test('SAM: ρg/‖g‖', async () => close(await seen(0.5, null), [1.3, -1.6]));

  test('ASAM: ρT²g/‖Tg‖, T = |θ| + η', async () => {
    const norm = Math.hypot(1.5 * 3, 2.5 * 4);
    close(await seen(0.5, 0.5), [
      1 + (0.5 * 1.5 ** 2 * 3) / norm,
      -2 + (0.5 * 2.5 ** 2 * 4) / norm,
    ]);
  });

  test('without a gradient nowhere', async () => close(await seen(0.5, null, [0, 0]), [1, -2]));

  test('back also where work fails', async () => {
    const variable = tf.variable(tf.tensor1d([1]));
    const gradient = tf.tensor1d([2]);
    const failing = uphill(device, [variable], [gradient], { radius: 1, eta: null }, async () => {
      throw new Error('out of memory');
    });
    await assert.rejects(failing, /out of memory/);
    assert.deepEqual([...variable.dataSync()], [1]);
    tf.dispose([variable, gradient]);
  });
});

test('NoisyTune: noise of λ times the spread, on pretrained tensors that are trained, by the seed', async () => {
  const values = Float32Array.from({ length: 4000 }, (_, i) => Math.sin(i));
  const parameterOf = (name: string, trained: boolean, isPretrained: boolean) => ({
    ...{ name, trained, isPretrained },
    value: trained ? tf.variable(tf.tensor1d(values)) : tf.tensor1d(values),
  });
  const parameters = [
    parameterOf('a', true, true),
    parameterOf('again', true, true),
    parameterOf('frozen', false, true),
    parameterOf('fresh', true, false),
  ];
  await addNoise(parameters, 0.2, 7);
  const [noise, other, ...rest] = parameters.map(({ value }) =>
    Array.from(value.dataSync(), (after, i) => after - values[i]!),
  );
  assert.ok(rest.flat().every((change) => change === 0));
  assert.notDeepEqual(noise, other);
  // The standard deviation of sin is √½, that of a uniform number of width 1 is √(1/12).
  const largest = 0.2 * Math.SQRT1_2;
  const std = Math.sqrt(noise!.reduce((sum, x) => sum + x ** 2, 0) / noise!.length);
  assert.ok(noise!.every((x) => Math.abs(x) <= largest / 2 + 1e-5));
  assert.ok(Math.abs(std / (largest * Math.sqrt(1 / 12)) - 1) < 0.05, String(std));
  const again = [parameterOf('a', true, true)];
  await addNoise(again, 0.2, 7);
  assert.deepEqual(again[0]!.value.dataSync(), parameters[0]!.value.dataSync());
  tf.dispose([...parameters, ...again].map(({ value }) => value));
});
