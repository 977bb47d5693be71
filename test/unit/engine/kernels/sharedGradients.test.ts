import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CHUNK, columnsWithin, layoutOf } from '../../../../src/engine/kernels/layout.ts';
import { loadKernels } from '../../../../src/engine/kernels/load.ts';
import { ThreadPool } from '../../../../src/engine/kernels/pool.ts';
import { SharedGradients } from '../../../../src/engine/kernels/sharedGradients.ts';
import { SharedKernels } from '../../../../src/engine/kernels/sharedKernels.ts';

test('sizes may change: what remains from before is not seen', async () => {
  const kernels = new SharedKernels(await loadKernels(), new ThreadPool([]));
  const gradients = new SharedGradients();
  for (const [k, d] of [
    [5, 100],
    [2, 33],
    [9, 70_000],
    [1, 1],
    [3, 18],
  ] as const) {
    gradients.resize(k, d);
    for (let i = 0; i < k; i++) gradients.write(i, 0, new Float32Array(d).fill(i + 1));
    const { gram } = await kernels.gram(gradients.shards);
    assert.deepEqual(
      gram,
      Float64Array.from(
        { length: k * k },
        (_, at) => d * ((at % k) + 1) * (Math.floor(at / k) + 1),
      ),
    );
  }
});

test('pieces are written where they belong, over the border of two memories too', async () => {
  const kernels = new SharedKernels(await loadKernels(), new ThreadPool([]));
  const gradients = new SharedGradients(1e6);
  const d = 2 * CHUNK + 10;
  gradients.resize(2, d);
  assert.equal(gradients.shards.length, 3);
  const row = new Float32Array(d).map((_, x) => x % 1000);
  for (let at = 0; at < d; at += 50_000) gradients.write(1, at, row.subarray(at, at + 50_000));
  await kernels.combine(gradients.shards, Float64Array.of(0, 1));
  assert.deepEqual(gradients.combination(0, d), row);
});

test('the columns of a memory are as many whole chunks as fit', () => {
  for (const k of [1, 8, 33, 1000]) {
    const columns = columnsWithin(2 ** 32, k);
    assert.equal(columns % CHUNK, 0);
    assert.ok(layoutOf(k, columns).end <= 2 ** 32);
    assert.ok(layoutOf(k, columns + 2 * CHUNK).end > 2 ** 32);
  }
});

test('what is not there is refused', () => {
  const gradients = new SharedGradients();
  gradients.resize(2, 3);
  assert.throws(() => gradients.write(2, 0, new Float32Array(3)), { name: 'RangeError' });
  assert.throws(() => gradients.write(-1, 0, new Float32Array(3)), { name: 'RangeError' });
  assert.throws(() => gradients.write(0, 1, new Float32Array(3)), { name: 'RangeError' });
  assert.throws(() => gradients.write(0, -1, new Float32Array(1)), { name: 'RangeError' });
  assert.throws(() => gradients.combination(2, 2), { name: 'RangeError' });
  assert.throws(() => gradients.resize(1_000_000, 3), { name: 'RangeError' });
});
