import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import fc from 'fast-check';
import { CHUNK } from '../../../../src/engine/kernels/layout.ts';
import { SharedGradients } from '../../../../src/engine/kernels/sharedGradients.ts';
import { SharedKernels } from '../../../../src/engine/kernels/sharedKernels.ts';
import { combined, sharedOf } from './shared.ts';

describe('combinations', () => {
  let kernels: SharedKernels;
  before(async () => {
    kernels = await SharedKernels.load();
  });

  async function combination(gradients: SharedGradients, weights: number[], d: number) {
    await kernels.combine(gradients.shards, Float64Array.from(weights));
    return gradients.combination(0, d);
  }

  const rowsOf = (k: number, d: number) =>
    fc.array(fc.float32Array({ minLength: d, maxLength: d, noNaN: true }), {
      minLength: k,
      maxLength: k,
    });

  test('bit for bit what float32 makes of it, group after group', () =>
    fc.assert(
      fc.asyncProperty(
        fc
          .tuple(fc.integer({ min: 1, max: 12 }), fc.integer({ min: 1, max: 70 }))
          .chain(([k, d]) =>
            fc.tuple(
              rowsOf(k, d),
              fc.array(fc.oneof(fc.constant(0), fc.double({ min: -2, max: 2, noNaN: true })), {
                minLength: k,
                maxLength: k,
              }),
            ),
          )
          .filter(([, weights]) => weights.some((weight) => weight !== 0)),
        async ([rows, weights]) => {
          const found = await combination(sharedOf(rows), weights, rows[0]!.length);
          assert.deepEqual(found, combined(rows, weights));
        },
      ),
    ));

  test('a weight of 0 leaves out what is not finite', async () => {
    const bad = Float32Array.of(Number.NaN, Number.POSITIVE_INFINITY, 1);
    const rows = [bad, Float32Array.of(1, 2, 3), bad, Float32Array.of(-0, 0, 1)];
    const found = await combination(sharedOf(rows), [0, 0.25, 0, 0.75], 3);
    assert.deepEqual(found, Float32Array.of(0.25, 0.5, 1.5));
  });

  test('many chunks, one memory or several, threads or none', async () => {
    const d = 3 * CHUNK + 21;
    const rows = Array.from({ length: 7 }, (_, i) =>
      new Float32Array(d).map((_, x) => Math.sin(i + x)),
    );
    const weights = rows.map((_, i) => (i + 1) / 28);
    const expected = combined(rows, weights);
    assert.deepEqual(await combination(sharedOf(rows), weights, d), expected);
    const scattered = sharedOf(rows, new SharedGradients(3e6));
    assert.ok(scattered.shards.length > 1);
    assert.deepEqual(await combination(scattered, weights, d), expected);
    assert.deepEqual(
      scattered.combination(CHUNK - 5, CHUNK + 9),
      expected.slice(CHUNK - 5, 2 * CHUNK + 4),
    );
  });

  test('with no weight at all nothing is written', async () => {
    const gradients = sharedOf([Float32Array.of(1, 2)]);
    await combination(gradients, [3], 2);
    assert.deepEqual(await combination(gradients, [0], 2), Float32Array.of(3, 6));
  });
});
