import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import '@tensorflow/tfjs-layers'; // registers gradients
import { MathBackendCPU } from '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { openDevice } from '../../../../src/backends/device.ts';

/** The JavaScript backend with tfjs's kernels only. */
const REFERENCE = 'reference';

type Operation = (...inputs: tf.Tensor[]) => tf.Tensor;

/** Gradients of Σ c·f(inputs), with a random cotangent c, on one backend. */
async function gradientsOn(backend: string, operation: Operation, shapes: number[][]) {
  await tf.setBackend(backend);
  return tf.tidy(() => {
    const inputs = shapes.map((shape, i) => tf.randomNormal(shape, 0, 1, 'float32', i + 1));
    const outputShape = tf.tidy(() => operation(...inputs).shape);
    const cotangent = tf.randomNormal(outputShape, 0, 1, 'float32', 99);
    const gradients = tf.grads((...xs: tf.Tensor[]) => tf.sum(tf.mul(cotangent, operation(...xs))));
    return gradients(inputs).map((gradient) => ({
      shape: gradient.shape,
      values: gradient.dataSync<'float32'>(),
    }));
  });
}

async function assertAgrees(operation: Operation, shapes: number[][]) {
  const expected = await gradientsOn(REFERENCE, operation, shapes);
  for (const backend of ['cpu', 'wasm']) {
    const actual = await gradientsOn(backend, operation, shapes);
    expected.forEach(({ shape, values }, i) => {
      assert.deepEqual(actual[i]!.shape, shape);
      const scale = Math.max(...values.map(Math.abs), 1e-3);
      const worst = values.reduce((w, v, j) => Math.max(w, Math.abs(v - actual[i]!.values[j]!)), 0);
      const message = `${backend}, input ${i}: off by ${worst} where values reach ${scale}`;
      assert.ok(worst <= 1e-4 * scale, message);
    });
  }
}

describe("training kernels agree with tfjs's own to 1e-4", () => {
  before(async () => {
    tf.copyRegisteredKernels('cpu', REFERENCE);
    tf.registerBackend(REFERENCE, () => new MathBackendCPU());
    await openDevice('cpu');
    await openDevice('wasm');
    const [ours, theirs] = ['cpu', REFERENCE].map((name) => tf.getKernel(tf.MaxPoolGrad, name));
    assert.notEqual(ours!.kernelFunc, theirs!.kernelFunc);
  });

  for (const padding of ['same', 'valid', 2] as const) {
    for (const stride of [1, 2, 3]) {
      for (const [height, width] of [
        [8, 8],
        [9, 7],
        [10, 11],
      ] as const) {
        for (const [filterHeight, filterWidth] of [
          [3, 3],
          [1, 1],
          [2, 5],
        ] as const) {
          test(`conv2d ${height}×${width}, filter ${filterHeight}×${filterWidth}, stride ${stride}, pad ${padding}`, () =>
            assertAgrees(
              (x, filter) => tf.conv2d(x as tf.Tensor4D, filter as tf.Tensor4D, stride, padding),
              [
                [2, height, width, 3],
                [filterHeight, filterWidth, 3, 4],
              ],
            ));
        }
      }
    }
  }

  for (const padding of ['same', 'valid', 1] as const) {
    for (const stride of [1, 2, 3]) {
      for (const window of [2, 3]) {
        test(`max pooling, window ${window}, stride ${stride}, pad ${padding}`, () =>
          assertAgrees(
            (x) =>
              tf.maxPool(
                x as tf.Tensor4D,
                window,
                stride,
                padding,
                padding === 1 ? 'floor' : undefined,
              ),
            [[2, 9, 8, 3]],
          ));
      }
    }
  }

  test('max pooling with ties sends the gradient to the first of the largest', async () => {
    const expected = [1, 0, 1, 0, 0, 0, 0, 0];
    for (const backend of [REFERENCE, 'cpu', 'wasm']) {
      await tf.setBackend(backend);
      const gradient = tf.grad((x: tf.Tensor) =>
        tf.sum(tf.maxPool(x as tf.Tensor4D, 2, 2, 'valid')),
      );
      assert.deepEqual([...gradient(tf.ones([1, 2, 4, 1])).dataSync()], expected, backend);
    }
  });

  for (const transposeA of [false, true]) {
    for (const transposeB of [false, true]) {
      test(`matMul, transposed: ${transposeA}, ${transposeB}; plain and batched`, async () => {
        for (const outer of [[], [3], [2, 3]]) {
          await assertAgrees(
            (a, b) => tf.matMul(a, b, transposeA, transposeB),
            [
              [...outer, ...(transposeA ? [7, 5] : [5, 7])],
              [...outer, ...(transposeB ? [6, 7] : [7, 6])],
            ],
          );
        }
      });
    }
  }

  test('logits, pooling and dense layers in one chain', () =>
    assertAgrees(
      (x, filter, weights) => {
        const convolved = tf.relu(tf.conv2d(x as tf.Tensor4D, filter as tf.Tensor4D, 1, 'same'));
        const pooled = tf.maxPool(convolved as tf.Tensor4D, 2, 2, 'valid');
        return tf.logSoftmax(tf.matMul(tf.reshape(pooled, [3, -1]), weights as tf.Tensor2D));
      },
      [
        [3, 6, 6, 2],
        [3, 3, 2, 4],
        [36, 5],
      ],
    ));

  for (const backendName of ['cpu', 'wasm']) {
    test(`kernels release what they allocate: ${backendName}`, async () => {
      await tf.setBackend(backendName);
      const x = tf.randomNormal<tf.Rank.R4>([2, 7, 7, 3]);
      const filter = tf.randomNormal<tf.Rank.R4>([3, 3, 3, 4]);
      const weights = tf.randomNormal<tf.Rank.R2>([2, 4]);
      const chain = (stride: number) => (a: tf.Tensor, b: tf.Tensor, c: tf.Tensor) => {
        const convolved = tf.conv2d(a as tf.Tensor4D, b as tf.Tensor4D, stride, 'valid');
        const pooled = tf.reshape(tf.maxPool(convolved, 2, 1, 0), [-1, 4]);
        return tf.sum(tf.matMul(pooled, c as tf.Tensor2D, false, true));
      };
      const step = () =>
        tf.tidy(() => {
          for (const stride of [1, 2]) tf.grads(chain(stride))([x, filter, weights]);
        });
      step();
      const before = tf.backend().numDataIds();
      for (let i = 0; i < 50; i++) step();
      assert.equal(tf.backend().numDataIds(), before);
      tf.dispose([x, filter, weights]);
    });
  }
});
