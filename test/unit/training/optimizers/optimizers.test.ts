import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { openDevice } from '../../../../src/backends/device.ts';
import type { AdamWStep } from '../../../../src/backends/interface/kernels.ts';
import { aggregate } from '../../../../src/engine/aggregate.ts';
import { gramOf } from '../../../../src/engine/gram.ts';
import type { Metric } from '../../../../src/engine/types.ts';
import { AdamW } from '../../../../src/training/optimizers/adamw.ts';
import { buildOptimizer, learningRateAt } from '../../../../src/training/optimizers/fromConfig.ts';
import type { Optimizer, OptimizerConfig } from '../../../../src/training/optimizers/optimizer.ts';
import { normalRows, random } from '../../engine/random.ts';
import { combine, dot, norm } from '../../engine/vectors.ts';

const defaults: OptimizerConfig = {
  name: 'sgd',
  momentum: 0,
  weightDecay: 0,
  beta1: 0.9,
  beta2: 0.999,
  epsilon: 1e-8,
};

const START = [0.5, -1.25, 3, 1e-3];

/** The gradient of step t at θ: a fixed, bumpy function, the same for every implementation under comparison. */
const gradientAt = (t: number) => (theta: number, i: number) =>
  Math.sin(3 * theta + i) * (1 + t / 7);

function run(optimizer: Optimizer, steps: number, rate: (step: number) => number, from = START) {
  const variable = tf.variable(tf.tensor1d([...from]));
  for (let step = 1; step <= steps; step++) take(optimizer, variable, step, rate(step));
  return variable;
}

function take(optimizer: Optimizer, variable: tf.Variable, step: number, rate: number) {
  const gradient = tf.tensor1d(Array.from(variable.dataSync(), gradientAt(step)));
  optimizer.step([variable], [gradient], rate);
  gradient.dispose();
}

describe('optimizers', () => {
  before(async () => {
    await openDevice('cpu');
  });

  for (const momentum of [0, 0.9]) {
    test(`SGD with momentum ${momentum} takes tfjs's own steps, bit for bit`, () => {
      const ours = run(buildOptimizer({ ...defaults, momentum }), 20, () => 0.05);
      const theirs = tf.variable(tf.tensor1d(START));
      const reference = momentum === 0 ? tf.train.sgd(0.05) : tf.train.momentum(0.05, momentum);
      for (let step = 1; step <= 20; step++) {
        const gradient = tf.tensor1d(Array.from(theirs.dataSync(), gradientAt(step)));
        reference.applyGradients([{ name: theirs.name, tensor: gradient }]);
      }
      assert.deepEqual(ours.dataSync(), theirs.dataSync());
    });
  }

  test('weight decay of SGD is the gradient of ½λ‖θ‖²', () => {
    const decayed = run(buildOptimizer({ ...defaults, weightDecay: 0.5 }), 1, () => 0.1);
    const expected = START.map((theta, i) => theta - 0.1 * (gradientAt(1)(theta, i) + 0.5 * theta));
    assertClose(decayed.dataSync(), expected, 1e-7);
  });

  for (const weightDecay of [0, 0.1]) {
    test(`AdamW with decay ${weightDecay} follows a float64 reference through a changing rate`, () => {
      const rate = (step: number) => 0.1 / step;
      const variable = run(buildOptimizer({ ...defaults, name: 'adamw', weightDecay }), 50, rate);
      assertClose(variable.dataSync(), referenceAdamW(50, rate, weightDecay), 1e-5);
    });
  }

  test('the first AdamW step is a full one: bias is corrected', () => {
    const variable = run(buildOptimizer({ ...defaults, name: 'adamw' }), 1, () => 0.01);
    const moved = Array.from(variable.dataSync(), (theta, i) => Math.abs(theta - START[i]!));
    assertClose(moved, [0.01, 0.01, 0.01, 0.01], 1e-6);
  });

  for (const name of ['sgd', 'adamw'] as const) {
    const config = { ...defaults, name, momentum: 0.9, weightDecay: 0.01 };

    test(`${name} continues from a saved state bit for bit`, async () => {
      const rate = () => 0.02;
      const whole = run(buildOptimizer(config), 10, rate);

      const first = buildOptimizer(config);
      const half = run(first, 5, rate);
      const state = await first.state();
      const second = buildOptimizer(config);
      second.restore(state);
      for (let step = 6; step <= 10; step++) take(second, half, step, 0.02);
      assert.deepEqual(half.dataSync(), whole.dataSync());
    });

    test(`${name} holds no more memory after the first step, and none once disposed of`, () => {
      const variable = tf.variable(tf.tensor1d(START));
      const before = tf.memory().numTensors;
      const optimizer = buildOptimizer(config);
      take(optimizer, variable, 1, 0.1);
      const after = tf.memory().numTensors;
      for (let step = 2; step <= 20; step++) take(optimizer, variable, step, 0.1);
      assert.equal(tf.memory().numTensors, after);
      optimizer.dispose();
      assert.equal(tf.memory().numTensors, before);
    });
  }
});

describe('AdamW in place, by the kernel of the backend wasm', () => {
  let kernel: AdamWStep;
  before(async () => {
    kernel = (await openDevice('wasm')).adamw!;
  });

  const options = { ...defaults, weightDecay: 0.1 };
  const tensor = (length: number, seed: number) => {
    const { normal } = random(seed);
    return tf.tensor1d(Float32Array.from({ length }, () => normal()));
  };

  for (const prepared of [false, true]) {
    test(`takes the steps of tfjs's operations bit for bit${prepared ? ', prepared' : ''}`, async () => {
      // The longest is shared between threads.
      for (const length of [1, 3, 8, 1003, 300_001]) {
        const states = [undefined, kernel].map((own) => {
          const optimizer = new AdamW(options, own);
          const variable = tf.variable(tensor(length, 1));
          for (let step = 1; step <= 3; step++) {
            const gradient = tensor(length, 10 * step);
            const groups = [[gradient], [tensor(length, 10 * step + 1)]];
            if (prepared) tf.dispose([...optimizer.prepare([variable], groups, [0.25, 0.75])]);
            optimizer.step([variable], [gradient], 0.01 / step);
          }
          return { values: variable.dataSync(), state: optimizer.state() };
        });
        assert.deepEqual(states[1]!.values, states[0]!.values);
        assert.deepEqual(await states[1]!.state, await states[0]!.state);
      }
    });
  }

  test('does not change the tensor that a variable was created from', () => {
    const start = tensor(5, 1);
    const before = start.dataSync().slice();
    const variable = tf.variable(start);
    new AdamW(options, kernel).step([variable], [tensor(5, 2)], 0.1);
    assert.deepEqual(start.dataSync(), before);
    assert.notDeepEqual(variable.dataSync(), before);
  });
});

describe('AdamW in its own metric', () => {
  before(async () => {
    await openDevice('cpu');
  });

  /** No momentum, no decay: Δ is ηPd. */
  const plain = () => new AdamW({ ...defaults, beta1: 0, weightDecay: 0 });

  /**
   * Steps along GRAIN's d of random gradients whose coordinates differ in scale.
   * @returns of each step the smallest ⟨Δ, gᵢ⟩/(‖Δ‖‖gᵢ‖)
   */
  function smallestCosines(metric: Metric, k: number, seed: number, steps = 8): number[] {
    const { normal } = random(seed);
    const d = 6;
    const scales = Float64Array.from({ length: d }, () => Math.exp(1.5 * normal()));
    const optimizer = plain();
    const cosines: number[] = [];
    tf.tidy(() => {
      for (let step = 0; step < steps; step++) {
        const rows = Array.from({ length: k }, () =>
          scales.map((scale) => Math.fround(scale * normal())),
        );
        const groups = rows.map((row) => [tf.tensor1d(Array.from(row))]);
        const variable = tf.variable(tf.zeros([d]));
        let inMetric = rows;
        if (metric === 'preconditioned') {
          const shares = groups.map(() => 1 / k);
          const root = optimizer.prepare([variable], groups, shares)[0]!.dataSync();
          inMetric = rows.map((row) => row.map((entry, at) => entry * root[at]!));
        }
        const { weights } = aggregate({ gram: gramOf(inMetric) }, 'grain');
        optimizer.step([variable], [tf.tensor1d(Array.from(combine(rows, weights)))], 1);
        const change = Float64Array.from(variable.dataSync(), (theta) => -theta);
        cosines.push(Math.min(...rows.map((row) => dot(change, row) / norm(change) / norm(row))));
      }
    });
    optimizer.dispose();
    return cosines;
  }

  const problems = [fc.integer({ min: 2, max: 5 }), fc.integer()] as const;

  test('GRAIN’s step conflicts with no group', () => {
    fc.assert(
      fc.property(...problems, (k, seed) => {
        for (const cosine of smallestCosines('preconditioned', k, seed)) {
          assert.ok(cosine >= -1e-5, `cosine ${cosine}`);
        }
      }),
      { numRuns: 60 },
    );
  });

  test('in the metric of the gradients it does: division by √v̂ can turn d into conflict with a group', () => {
    const cosines = Array.from({ length: 20 }, (_, seed) =>
      smallestCosines('euclidean', 4, seed),
    ).flat();
    const against = cosines.filter((cosine) => cosine < -0.01).length;
    assert.ok(against > 10, `against a group in ${against} of ${cosines.length} steps`);
  });

  test('a prepared step with one group equals an unprepared one bit for bit', () => {
    const prepared = plain();
    const usual = plain();
    const [a, b] = [tf.variable(tf.tensor1d(START)), tf.variable(tf.tensor1d(START))];
    for (let step = 1; step <= 10; step++) {
      const gradient = tf.tensor1d(Array.from(a.dataSync(), gradientAt(step)));
      prepared.prepare([a], [[gradient]], [1]);
      prepared.step([a], [gradient], 0.1);
      usual.step([b], [gradient], 0.1);
    }
    assert.deepEqual(a.dataSync(), b.dataSync());
  });

  test('the second moment is the mean of the groups’ squares by their shares', async () => {
    const optimizer = plain();
    const variable = tf.variable(tf.tensor1d([0, 0]));
    const groups = [[tf.tensor1d([1, 2])], [tf.tensor1d([3, 0])]];
    const root = optimizer.prepare([variable], groups, [0.25, 0.75]);
    optimizer.step([variable], [tf.tensor1d([1, 1])], 0.5);
    // v̂ = ¼·(1, 4) + ¾·(9, 0) = (7, 1) at the first step.
    assertClose(root[0]!.dataSync(), [7 ** -0.25, 1], 1e-6);
    assertClose(variable.dataSync(), [-0.5 / Math.sqrt(7), -0.5], 1e-6);
    const { slots } = await optimizer.state();
    const second = slots.find(({ name }) => name.startsWith('second/'))!;
    assertClose(second.values, [0.007, 0.001], 1e-8);
  });

  test('a coordinate moves by at most √k of the rate at a first step, whatever the weights', () => {
    fc.assert(
      fc.property(...problems, (k, seed) => {
        tf.tidy(() => {
          const rows = normalRows(k, 5, random(seed));
          const groups = rows.map((row) => [tf.tensor1d(Array.from(row))]);
          const optimizer = plain();
          const variable = tf.variable(tf.zeros([5]));
          optimizer.prepare(
            [variable],
            groups,
            groups.map(() => 1 / k),
          );
          optimizer.step([variable], groups[0]!, 1);
          for (const moved of variable.dataSync())
            assert.ok(Math.abs(moved) <= Math.sqrt(k) + 1e-5);
          optimizer.dispose();
        });
      }),
      { numRuns: 40 },
    );
  });

  test('a cancelled step changes neither state nor memory', async () => {
    const optimizer = plain();
    const variable = tf.variable(tf.tensor1d(START));
    take(optimizer, variable, 1, 0.1);
    const before = await optimizer.state();
    const tensors = tf.memory().numTensors;
    for (let time = 0; time < 3; time++) {
      const gradient = tf.tensor1d([9, 9, 9, 9]);
      tf.dispose([...optimizer.prepare([variable], [[gradient]], [1]), gradient]);
    }
    assert.deepEqual(await optimizer.state(), before);
    optimizer.restore(before);
    assert.equal(tf.memory().numTensors, tensors);
  });

  test('continues from a saved state bit for bit', async () => {
    const run = (optimizer: AdamW, variable: tf.Variable, from: number, to: number) => {
      for (let step = from; step <= to; step++) {
        const gradient = tf.tensor1d(Array.from(variable.dataSync(), gradientAt(step)));
        const other = tf.tensor1d(Array.from(variable.dataSync(), gradientAt(step + 20)));
        optimizer.prepare([variable], [[gradient], [other]], [0.5, 0.5]);
        optimizer.step([variable], [gradient], 0.02);
      }
    };
    const [whole, half] = [tf.variable(tf.tensor1d(START)), tf.variable(tf.tensor1d(START))];
    run(plain(), whole, 1, 10);
    const first = plain();
    run(first, half, 1, 5);
    const second = plain();
    second.restore(await first.state());
    run(second, half, 6, 10);
    assert.deepEqual(half.dataSync(), whole.dataSync());
  });
});

describe('learning rate', () => {
  const rates = (warmup: number, decay: 'none' | 'linear' | 'cosine') =>
    Array.from({ length: 10 }, (_, i) =>
      learningRateAt(i + 1, 10, { learningRate: 1, warmup, decay }),
    );

  test('rises over the warm-up, then stays', () =>
    assertClose(rates(0.4, 'none'), [0.25, 0.5, 0.75, 1, 1, 1, 1, 1, 1, 1]));

  test('falls linearly to just above 0', () =>
    assertClose(rates(0, 'linear'), [1, 0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3, 0.2, 0.1]));

  test('falls along a half cosine after the warm-up', () => {
    const values = rates(0.2, 'cosine');
    assertClose(values.slice(0, 3), [0.5, 1, 1]);
    assertClose([values[6]!], [0.5]);
    assert.ok(values[9]! > 0 && values[9]! < 0.04);
  });

  test('a run that is all warm-up still ends at the full rate', () =>
    assertClose([rates(1, 'linear')[9]!], [1]));
});

/** Algorithm 2 of Loshchilov & Hutter in double precision, rounding only θ as the gradient function sees it. */
function referenceAdamW(steps: number, rate: (step: number) => number, decay: number): number[] {
  const { beta1, beta2, epsilon } = defaults;
  const theta = START.map(Math.fround);
  const m = theta.map(() => 0);
  const v = theta.map(() => 0);
  for (let t = 1; t <= steps; t++) {
    for (const [i, value] of theta.entries()) {
      const g = gradientAt(t)(value, i);
      m[i] = beta1 * m[i]! + (1 - beta1) * g;
      v[i] = beta2 * v[i]! + (1 - beta2) * g * g;
      const corrected = m[i]! / (1 - beta1 ** t) / (Math.sqrt(v[i]! / (1 - beta2 ** t)) + epsilon);
      theta[i] = value - rate(t) * (corrected + decay * value);
    }
  }
  return theta;
}

function assertClose(actual: ArrayLike<number>, expected: readonly number[], tolerance = 1e-12) {
  expected.forEach((value, i) => {
    assert.ok(Math.abs(actual[i]! - value) <= tolerance, `[${i}] ${actual[i]} is not ${value}`);
  });
}
