import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { gramOf, packGram, unpackGram } from '../../../src/engine/gram.ts';
import { normalRows, random } from './random.ts';
import { dot, norm } from './vectors.ts';

test('entries are inner products, for odd and even k and lengths across block borders', () => {
  for (const k of [1, 2, 3, 8, 9]) {
    for (const d of [0, 1, 4095, 4096, 4097, 10_000]) {
      const rows = normalRows(k, d, random(k * 100_000 + d));
      const singles = rows.map((row) => Float32Array.from(row));
      const gram = gramOf(singles);
      assert.equal(gram.length, k * k);
      for (let i = 0; i < k; i++) {
        for (let j = 0; j < k; j++) {
          const a = Float64Array.from(singles[i]!);
          const b = Float64Array.from(singles[j]!);
          const error = Math.abs(gram[i * k + j]! - dot(a, b));
          assert.ok(error <= 1e-13 * norm(a) * norm(b), `k ${k}, d ${d}, (${i}, ${j}): ${error}`);
          assert.equal(gram[i * k + j], gram[j * k + i]);
        }
      }
    }
  }
});

test('squares that overflow float32 and sums that float32 would lose are kept', () => {
  const large = new Float32Array(10_000).fill(1e30);
  assert.ok(Math.abs(gramOf([large])[0]! / (1e4 * large[0]! ** 2) - 1) < 1e-12);
  const small = new Float32Array(10_001).fill(1e-5);
  small[0] = 1e5;
  const expected = small[0]! ** 2 + 1e4 * small[1]! ** 2;
  assert.ok(Math.abs(gramOf([small])[0]! - expected) < 1e-5);
});

test('a NaN or infinity spoils its own row and column only', () => {
  for (const bad of [Number.NaN, Number.POSITIVE_INFINITY]) {
    const gram = gramOf([Float32Array.of(1, 2), Float32Array.of(bad, 0), Float32Array.of(3, 4)]);
    assert.deepEqual([gram[0], gram[2], gram[6], gram[8]], [5, 11, 11, 25]);
    assert.ok(!Number.isFinite(gram[4]!));
  }
});

test('rows of different length are refused', () => {
  assert.throws(() => gramOf([new Float32Array(3), new Float32Array(4)]), {
    name: 'RangeError',
    message: 'gradient 1 has 4 entries, gradient 0 has 3',
  });
});

test('no gradients, no entries', () => {
  assert.deepEqual(gramOf([]), new Float64Array(0));
});

test('packing keeps the upper triangle row by row, unpacking restores the matrix', () => {
  assert.deepEqual(packGram([1, 2, 3, 2, 4, 5, 3, 5, 6], 3), [1, 2, 3, 4, 5, 6]);
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 12 }), fc.integer(), (k, seed) => {
      const gram = gramOf(normalRows(k, 5, random(seed)));
      const packed = JSON.parse(JSON.stringify(packGram(gram, k)));
      assert.deepEqual(unpackGram(packed, k), gram);
    }),
  );
});

test('null unpacks to NaN; a wrong length is refused', () => {
  assert.deepEqual(unpackGram([1, null, 2], 2), Float64Array.of(1, Number.NaN, Number.NaN, 2));
  assert.throws(() => unpackGram([1, 2], 2), { name: 'RangeError' });
});
