import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { aggregate } from '../../../src/engine/aggregate.ts';
import { diagnose } from '../../../src/engine/diagnose.ts';
import { gramOf } from '../../../src/engine/gram.ts';
import { samples } from './families.ts';

const NAN = Number.NaN;

test('hand-computed values', () => {
  // g₀ = (3, 0), g₁ = (0, 4), g₂ = (−3, 4)
  const gram = gramOf([Float64Array.of(3, 0), Float64Array.of(0, 4), Float64Array.of(-3, 4)]);
  const found = diagnose({ gram }, [0.5, 0.5, 0]);
  assert.deepEqual([...found.cosines], [1, 0, -0.6, 0, 1, 0.8, -0.6, 0.8, 1]);
  assert.equal(found.conflictRate, 1 / 3);
  // The mean is (0, 8/3): orthogonal to g₀, in conflict with none.
  assert.equal(found.meanConflictRate, 0);
  assert.equal(found.effectiveGroups, 2);
  // d = (1.5, 2), ⟨d, g⟩ = 4.5, 8, 3.5.
  assert.equal(found.norm2, 6.25);
  assert.equal(found.gap, 2.75);
  assert.ok(Math.abs(found.minCosine - 3.5 / 2.5 / 5) < 1e-15);
  assert.ok(Math.abs(found.normRatio - 2.5 / (8 / 3)) < 1e-15);
  // tr H = 9 + 16 + 25; tr H² = 9² + 16² + 25² + 2·(0 + 9² + 16²).
  assert.ok(Math.abs(found.effectiveDimension - 2500 / (962 + 674)) < 1e-15);
  assert.equal(found.certified, true);
});

test('sizes decide what the plain mean is', () => {
  const gram = gramOf([Float64Array.of(1, 0), Float64Array.of(-2, 1)]);
  assert.equal(diagnose({ gram, sizes: [1, 1] }, [0.5, 0.5]).meanConflictRate, 0.5);
  assert.equal(diagnose({ gram, sizes: [7, 3] }, [0.5, 0.5]).meanConflictRate, 0);
  assert.equal(diagnose({ gram, sizes: [7, 3] }, [0.7, 0.3]).normRatio, 1);
});

test('a step that conflicts with a group is not certified; the shortest vector is', () => {
  const gram = gramOf([Float64Array.of(1, 0), Float64Array.of(-2, 1)]);
  const mean = diagnose({ gram }, [0.5, 0.5]);
  assert.ok(mean.minCosine < 0);
  assert.equal(mean.certified, false);
  fc.assert(
    fc.property(samples(), ({ rows }) => {
      const problem = { gram: gramOf(rows) };
      assert.equal(diagnose(problem, aggregate(problem, 'grain').weights).certified, true);
    }),
    { numRuns: 200 },
  );
});

test('shares stay shares and the effective numbers between 1 and k', () => {
  fc.assert(
    fc.property(samples(), ({ rows }) => {
      const k = rows.length;
      const problem = { gram: gramOf(rows) };
      const found = diagnose(problem, aggregate(problem, 'grain').weights);
      for (const rate of [found.conflictRate, found.meanConflictRate]) {
        assert.ok(rate >= 0 && rate <= 1);
      }
      for (const number of [found.effectiveGroups, found.effectiveDimension]) {
        assert.ok(number >= 1 - 1e-9 && number <= k * (1 + 1e-9), `${number} of ${k}`);
      }
    }),
    { numRuns: 200 },
  );
});

test('groups that are zero or not finite take no part', () => {
  const gram = gramOf([Float64Array.of(1, 0), Float64Array.of(0, 0), Float64Array.of(NAN, 1)]);
  const found = diagnose({ gram }, [1, 0, 0]);
  assert.deepEqual([...found.cosines], [1, NAN, NAN, NAN, NAN, NAN, NAN, NAN, NAN]);
  assert.equal(found.conflictRate, 0);
  assert.equal(found.effectiveDimension, 1);
  assert.equal(found.normRatio, 2);
  assert.equal(found.certified, true);
});

test('weight on a group that is not finite is shown as broken', () => {
  const gram = gramOf([Float64Array.of(1, 0), Float64Array.of(NAN, 1)]);
  const found = diagnose({ gram }, [0.5, 0.5]);
  assert.ok(Number.isNaN(found.norm2) && Number.isNaN(found.minCosine));
  assert.equal(found.gap, Number.POSITIVE_INFINITY);
  assert.equal(found.certified, false);
});

test('a skipped step', () => {
  const found = diagnose({ gram: new Float64Array(4) }, [0, 0]);
  assert.equal(found.effectiveGroups, 0);
  assert.ok(Number.isNaN(found.normRatio) && Number.isNaN(found.effectiveDimension));
  assert.equal(found.certified, true);
  const bad = diagnose({ gram: new Float64Array(4).fill(NAN) }, [0, 0]);
  assert.equal(bad.norm2, 0);
});

test('norms near the ends of float64 do not overflow', () => {
  const gram = gramOf([Float64Array.of(1e150, 0), Float64Array.of(-1e150, 1e150)]);
  const found = diagnose({ gram }, aggregate({ gram }, 'grain').weights);
  assert.ok(Math.abs(found.effectiveDimension - 9 / 7) < 1e-12);
  assert.ok(Math.abs(found.norm2 - 2e299) < 1e285);
});

test('a wrong number of weights is refused', () => {
  assert.throws(() => diagnose({ gram: Float64Array.of(1) }, [0.5, 0.5]), { name: 'RangeError' });
});
