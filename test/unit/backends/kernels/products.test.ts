import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { MathBackendCPU } from '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-layers'; // registers gradients
import fc from 'fast-check';
import { type Device, openDevice } from '../../../../src/backends/device.ts';
import { random } from '../../engine/random.ts';

/** The JavaScript backend with tfjs's kernels only. */
const REFERENCE = 'reference of products';

let device: Device;
before(async () => {
  tf.copyRegisteredKernels('cpu', REFERENCE);
  tf.registerBackend(REFERENCE, () => new MathBackendCPU());
  device = await openDevice('wasm');
});
after(() => device.close());

type Matrix = readonly [shape: readonly number[], values: Float32Array];
type Operation = (...inputs: tf.Tensor[]) => tf.Tensor;

async function resultOn(backend: string, operation: Operation, inputs: readonly Matrix[]) {
  await tf.setBackend(backend);
  return tf.tidy(() => {
    const result = operation(...inputs.map(([shape, values]) => tf.tensor(values, [...shape])));
    return { shape: result.shape, values: result.dataSync<'float32'>() };
  });
}

/** To 1e-5 of the largest, and not finite where that is not. */
async function assertAgrees(operation: Operation, inputs: readonly Matrix[]): Promise<void> {
  const expected = await resultOn(REFERENCE, operation, inputs);
  const actual = await resultOn('wasm', operation, inputs);
  assert.deepEqual(actual.shape, expected.shape);
  const finite = expected.values.filter(Number.isFinite);
  const tolerance = 1e-5 * finite.reduce((most, value) => Math.max(most, Math.abs(value)), 1);
  for (const [i, value] of expected.values.entries()) {
    const off = Math.abs(actual.values[i]! - value);
    const same = Object.is(actual.values[i], value) || off <= tolerance;
    assert.ok(same, `[${i}] is ${actual.values[i]}, not ${value}`);
  }
}

/** Normal numbers; one in `rarity` is not finite (0: none). */
function matrix(shape: readonly number[], seed: number, rarity = 0): Matrix {
  const { normal } = random(seed);
  const strange = [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  const values = Float32Array.from({ length: tf.util.sizeFromShape([...shape]) }, (_, i) => {
    const value = normal();
    return rarity && (i * 7919 + seed) % rarity === 0 ? strange[i % 3]! : value;
  });
  return [shape, values];
}

const side = fc.integer({ min: 1, max: 70 });
const outers = fc.constantFrom(
  ...([
    [[], []],
    [[3], [3]],
    [
      [2, 2],
      [2, 2],
    ],
    [[3], [1]],
    [[1], [4]],
    [
      [2, 1],
      [2, 2],
    ],
  ] as const),
);
const product = fc.record({
  outers,
  m: side,
  n: side,
  k: side,
  transposeA: fc.boolean(),
  transposeB: fc.boolean(),
  seed: fc.nat(1000),
});

function operandsOf(
  {
    outers,
    m,
    n,
    k,
    transposeA,
    transposeB,
    seed,
  }: typeof product extends fc.Arbitrary<infer T> ? T : never,
  rarity = 0,
): [Matrix, Matrix] {
  const [outerA, outerB] = outers;
  return [
    matrix([...outerA, ...(transposeA ? [k, m] : [m, k])], seed, rarity),
    matrix([...outerB, ...(transposeB ? [n, k] : [k, n])], seed + 1, rarity),
  ];
}

describe("products on the backend wasm agree with tfjs's own in JavaScript", () => {
  test('of any sides and layouts, one or many', () =>
    fc.assert(
      fc.asyncProperty(product, async (drawn) => {
        const { transposeA, transposeB } = drawn;
        await assertAgrees((a, b) => tf.matMul(a, b, transposeA, transposeB), operandsOf(drawn));
      }),
      { numRuns: 150 },
    ));

  test('where numbers are not finite', () =>
    fc.assert(
      fc.asyncProperty(product, async (drawn) => {
        const { transposeA, transposeB } = drawn;
        await assertAgrees(
          (a, b) => tf.matMul(a, b, transposeA, transposeB),
          operandsOf(drawn, 97),
        );
      }),
      { numRuns: 50 },
    ));

  for (const transposeA of [false, true]) {
    for (const transposeB of [false, true]) {
      test(`beyond the blocks that are packed: ${transposeA}, ${transposeB}`, () =>
        assertAgrees(
          (a, b) => tf.matMul(a, b, transposeA, transposeB),
          operandsOf({
            outers: [[], []],
            m: 110,
            n: 530,
            k: 1030,
            transposeA,
            transposeB,
            seed: 5,
          }),
        ));
    }
  }

  test('without rows, without columns, and without terms', async () => {
    for (const [m, k, n] of [
      [0, 5, 3],
      [4, 5, 0],
      [4, 0, 3],
    ] as const) {
      await assertAgrees((a, b) => tf.matMul(a, b), [matrix([m, k], 1), matrix([k, n], 2)]);
    }
  });

  test('with bias and activation', async () => {
    for (const activation of ['linear', 'relu', 'relu6', 'sigmoid', 'elu'] as const) {
      for (const [m, k, n] of [
        [8, 50, 33],
        [1, 3, 1],
        [40, 9, 70],
      ] as const) {
        const fused = (a: tf.Tensor, b: tf.Tensor, bias: tf.Tensor) =>
          tf.fused.matMul({ a: a as tf.Tensor2D, b: b as tf.Tensor2D, bias, activation });
        await assertAgrees(fused, [matrix([m, k], 1), matrix([k, n], 2), matrix([n], 3)]);
      }
    }
  });

  test('and shapes that do not match are rejected', async () => {
    await tf.setBackend('wasm');
    assert.throws(() => tf.matMul(tf.ones([2, 3]), tf.ones([4, 2])), /inner shapes/);
  });
});

describe("sums by segment on the backend wasm agree with tfjs's own in JavaScript", () => {
  test('for rows of any shape, and invalid segment ids', () =>
    fc.assert(
      fc.asyncProperty(
        fc.array(fc.integer({ min: -1, max: 8 }), { minLength: 1, maxLength: 40 }),
        fc.constantFrom([], [1], [7], [3, 5]),
        async (ids, rest) => {
          await assertAgrees(
            (x) => tf.unsortedSegmentSum(x, tf.tensor1d(ids, 'int32'), 7),
            [matrix([ids.length, ...rest], ids.length)],
          );
        },
      ),
      { numRuns: 50 },
    ));

  test('and are the gradient of gather', async () => {
    const ids = [3, 0, 3, 3, 6, 0];
    for (const axis of [0, 1]) {
      await assertAgrees(
        (x, dy) => tf.grad((t: tf.Tensor) => tf.gather(t, tf.tensor1d(ids, 'int32'), axis))(x, dy),
        axis === 0
          ? [matrix([9, 5], 1), matrix([6, 5], 2)]
          : [matrix([5, 9], 1), matrix([5, 6], 2)],
      );
    }
  });

  test('numbers that are not finite stay in their segment', async () => {
    await tf.setBackend('wasm');
    const x = tf.tensor2d([
      [1, Number.NaN],
      [2, 3],
      [Number.POSITIVE_INFINITY, 4],
    ]);
    const sums = tf.unsortedSegmentSum(x, tf.tensor1d([0, 1, 2], 'int32'), 3);
    assert.deepEqual([...sums.dataSync()], [1, Number.NaN, 2, 3, Number.POSITIVE_INFINITY, 4]);
  });
});
