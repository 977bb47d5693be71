import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { gramOf } from '../../../src/engine/gram.ts';
import { applied, rankOf, spectrumOf } from '../../../src/engine/spectrum.ts';
import { samples } from './families.ts';
import { random } from './random.ts';
import { ofRank } from './stationarity.ts';

test('hand-computed values', () => {
  const { values, vectors } = spectrumOf(Float64Array.of(2, 1, 1, 2), 2);
  assert.ok(Math.abs(values[0]! - 3) < 1e-15 && Math.abs(values[1]! - 1) < 1e-15);
  assert.ok(Math.abs(vectors[0]![0]! - vectors[0]![1]!) < 1e-15);
});

test('values fall, vectors are orthonormal, and together they make the matrix', () => {
  fc.assert(
    fc.property(samples(undefined, 24), ({ rows }) => {
      const k = rows.length;
      const gram = gramOf(rows);
      const spectrum = spectrumOf(gram, k);
      const largest = spectrum.values[0]!;
      for (let i = 0; i < k; i++) {
        if (i > 0) assert.ok(spectrum.values[i]! <= spectrum.values[i - 1]!);
        const unit = new Float64Array(k);
        unit[i] = 1;
        const column = applied(spectrum, k, (value) => value, unit);
        const same = applied(spectrum, k, () => 1, unit);
        for (let j = 0; j < k; j++) {
          assert.ok(Math.abs(column[j]! - gram[i * k + j]!) <= 1e-13 * k * largest);
          assert.ok(Math.abs(same[j]! - unit[j]!) <= 1e-13 * k);
        }
      }
    }),
    { numRuns: 100 },
  );
});

test('the rank is that of the gradients', () => {
  for (const [k, d, rank] of [
    [4, 3, 2],
    [9, 11, 5],
    [20, 10, 10],
    [20, 100, 19],
  ] as const) {
    const gram = gramOf(ofRank({ k, d, rank }, random(k)));
    assert.equal(rankOf(spectrumOf(gram, k), 1e-12), rank);
  }
  assert.equal(rankOf(spectrumOf(new Float64Array(9), 3), 1e-12), 0);
});
