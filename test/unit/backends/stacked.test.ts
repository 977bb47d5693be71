import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { openDevice } from '../../../src/backends/device.ts';
import type { StackedKernels } from '../../../src/backends/interface/kernels.ts';
import { random } from '../engine/random.ts';

let kernels: StackedKernels;
before(async () => {
  kernels = (await openDevice('wasm')).stacked!;
});

/** Gradients and a vector of as many elements, rounded to float32. */
function gradients(k: number, size: number, seed: number) {
  const { normal } = random(seed);
  const row = () => Float32Array.from({ length: size }, () => normal());
  const rows = Array.from({ length: k }, row);
  const values = new Float32Array(k * size);
  for (const [i, row] of rows.entries()) values.set(row, i * size);
  return { rows, vector: row(), stacked: tf.tensor2d(values, [k, size]) };
}

function dot(a: Float32Array, b: Float32Array): number {
  return a.reduce((sum, value, i) => sum + value * b[i]!, 0);
}

const groups = fc.integer({ min: 1, max: 9 });
/** Up to a chunk, and of several, with whole steps and without. */
const sizes = fc.oneof(fc.integer({ min: 1, max: 70 }), fc.integer({ min: 16_380, max: 50_000 }));

describe('sums over stacked gradients', () => {
  test('inner products are added to a matrix, within the bounds of the engine', () => {
    fc.assert(
      fc.property(groups, sizes, fc.nat(1000), (k, size, seed) => {
        const { rows, stacked } = gradients(k, size, seed);
        const gram = new Float64Array(k * k).fill(1);
        kernels.addGram(stacked, gram);
        stacked.dispose();
        for (let at = 0; at < k * k; at++) {
          const [a, b] = [rows[Math.floor(at / k)]!, rows[at % k]!];
          const bound = 2e-6 * Math.sqrt(dot(a, a) * dot(b, b));
          assert.ok(Math.abs(gram[at]! - 1 - dot(a, b)) <= bound + 1e-15);
        }
      }),
      { numRuns: 60 },
    );
  });

  test('inner products of tiny, zero and non-finite numbers are those of float64', () => {
    const size = 40_001;
    const { rows, stacked } = gradients(2, size, 1);
    const factors = [1e-22, 0, Number.NaN];
    for (const factor of factors) {
      const other = tf.mul(stacked, tf.tensor2d([[1], [factor]]));
      const gram = new Float64Array(4);
      kernels.addGram(other, gram);
      const scaled = rows[1]!.map((value) => value * Math.fround(factor));
      const expected = [dot(rows[0]!, rows[0]!), dot(rows[0]!, scaled), dot(scaled, scaled)];
      for (const [n, at] of [0, 1, 3].entries()) {
        const close = Math.abs(gram[at]! / expected[n]! - 1) < 1e-9;
        assert.ok(close || Object.is(gram[at]! + 0, expected[n]! + 0), `${factor}: ${gram}`);
      }
    }
  });

  test('combinations are sums in order, bit for bit, and leave out groups of weight 0', () => {
    fc.assert(
      fc.property(groups, sizes, fc.nat(1000), (k, size, seed) => {
        const { rows, stacked: finite } = gradients(k + 1, size, seed);
        rows[1]!.fill(Number.NaN);
        const hole = Float32Array.from(rows, (_, i) => (i === 1 ? Number.NaN : 1));
        const stacked = tf.mul(finite, tf.tensor2d(hole, [k + 1, 1]));
        const weights = Float64Array.from(rows, (_, i) => (i === 1 ? 0 : (i + 1) / 7));
        const sum = kernels.combine(stacked, weights, [size, 1]);
        const taken = rows.flatMap((row, i) =>
          weights[i] === 0 ? [] : [{ row, weight: Math.fround(weights[i]!) }],
        );
        const expected = Float32Array.from({ length: size }, (_, j) =>
          taken
            .map(({ row, weight }) => Math.fround(row[j]! * weight))
            .reduce((total, term) => Math.fround(total + term)),
        );
        assert.deepEqual(sum.shape, [size, 1]);
        assert.deepEqual(sum.dataSync(), expected);
        tf.dispose([finite, stacked, sum]);
      }),
      { numRuns: 60 },
    );
  });

  test('a combination of no group is zero', () => {
    const { stacked } = gradients(3, 10, 1);
    const sum = kernels.combine(stacked, new Float64Array(3), [2, 5]);
    assert.deepEqual(sum.dataSync(), new Float32Array(10));
  });

  test('products with a vector are those of float64', () => {
    fc.assert(
      fc.property(groups, sizes, fc.nat(1000), (k, size, seed) => {
        const { rows, vector, stacked } = gradients(k, size, seed);
        const v = tf.tensor1d(vector);
        const products = kernels.products(stacked, v);
        assert.equal(products.length, k + 1);
        for (const [i, row] of [...rows, vector].entries()) {
          const bound = 1e-12 * Math.sqrt(dot(row, row) * dot(vector, vector));
          assert.ok(Math.abs(products[i]! - dot(row, vector)) <= bound);
        }
        tf.dispose([stacked, v]);
      }),
      { numRuns: 60 },
    );
  });

  test('leave no tensor behind except combinations', () => {
    const { vector, stacked } = gradients(3, 20_001, 1);
    const v = tf.tensor1d(vector);
    const before = tf.memory().numTensors;
    kernels.addGram(stacked, new Float64Array(9));
    kernels.products(stacked, v);
    kernels.combine(stacked, Float64Array.of(1, 0, 2), [20_001]).dispose();
    assert.equal(tf.memory().numTensors, before);
  });
});
