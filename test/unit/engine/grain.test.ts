import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { nnls } from 'nnls';
import { aggregate } from '../../../src/engine/aggregate.ts';
import { gramOf } from '../../../src/engine/gram.ts';
import { minNorm, supportOf } from '../../../src/engine/minNorm/minNorm.ts';
import { exactCertificate } from './exact.ts';
import { families, type Sample, samples, stepFamilies } from './families.ts';
import { random } from './random.ts';
import { combine, distance, dot, norm, scaled } from './vectors.ts';

const U = 2 ** -53;
const runs = { numRuns: 400 };

function grain(rows: readonly Float64Array[]): Float64Array {
  return aggregate({ gram: gramOf(rows) }, 'grain').weights;
}

/** Σ wᵢ‖gᵢ‖, the size of what is summed up to d. */
function mass(rows: readonly Float64Array[], weights: Float64Array): number {
  return rows.reduce((sum, row, i) => sum + weights[i]! * norm(row), 0);
}

/** How far two computed d of the same gradients may lie apart: √gap each, with both gaps at their floor. */
function dTolerance(rows: readonly Float64Array[], weights: Float64Array): number {
  const s = mass(rows, weights);
  const d2 = norm(combine(rows, weights)) ** 2;
  const longest = Math.max(...rows.map(norm));
  const length = rows.length + rows[0]!.length;
  return 2 * Math.sqrt(1e-10 * d2 + 8 * length * U * s * (s + longest));
}

test('hand-computed values', () => {
  const rows = [Float64Array.of(-4, 1, 1), Float64Array.of(6, 1, 1)];
  const weights = grain(rows);
  assert.ok(distance(weights, Float64Array.of(0.6, 0.4)) < 1e-15);
  assert.ok(distance(combine(rows, weights), Float64Array.of(0, 1, 1)) < 1e-14);

  // Orthogonal gradients: weights in proportion to 1/‖g‖².
  const orthogonal = [Float64Array.of(1, 0, 0), Float64Array.of(0, 2, 0), Float64Array.of(0, 0, 4)];
  const inverse = Float64Array.of(1, 1 / 4, 1 / 16).map((x) => x / (1 + 1 / 4 + 1 / 16));
  assert.ok(distance(grain(orthogonal), inverse) < 1e-15);

  // A gradient beyond the shortest one, in its direction, is left out.
  assert.deepEqual([...grain([Float64Array.of(1, 0), Float64Array.of(2, 0.5)])], [1, 0]);
});

test('weights lie on the simplex', () => {
  fc.assert(
    fc.property(samples(), ({ rows }) => {
      const weights = grain(rows);
      assert.ok(weights.every((w) => w >= 0));
      assert.ok(Math.abs(weights.reduce((a, b) => a + b) - 1) <= rows.length * 2 * U);
    }),
    runs,
  );
});

/** 8(k+2)u: what rounding may put into a sum over k groups, as `certify` has it. */
const roundingOf = (k: number) => 8 * (k + 2) * U;

/** The gap in exact arithmetic, and what it may be: 1e-10·‖d‖² or the rounding floor. */
function gapAndBound(rows: readonly Float64Array[], weights: Float64Array) {
  const { norm2, gap, inner } = exactCertificate(gramOf(rows), weights);
  const s = mass(rows, weights);
  const leastNorm = norm(rows[inner.indexOf(Math.min(...inner))]!);
  const bound = 1e-10 * norm2 + roundingOf(rows.length) * s * (leastNorm + s);
  return { gap, bound, isZero: norm2 <= roundingOf(rows.length) * s ** 2 };
}

/** Holds if the gap is within its bound, or d zero to rounding: nothing can be shorter then. */
function assertOptimal(rows: readonly Float64Array[], weights: Float64Array): void {
  const { gap, bound, isZero } = gapAndBound(rows, weights);
  assert.ok(isZero || gap <= bound, `gap ${gap}, bound ${bound}`);
}

test('the gap, in exact arithmetic, is at most 1e-10·‖d‖² or at the rounding floor, or d is zero', () => {
  fc.assert(
    fc.property(samples(), ({ rows }) => assertOptimal(rows, grain(rows))),
    runs,
  );
});

test('where d is zero to rounding the gap is at its floor too, but for one in a hundred', () => {
  let zeros = 0;
  let beyond = 0;
  for (let seed = 0; seed < 1000; seed++) {
    const rows = families['norms over 12 decades'](4 + (seed % 21), 2 + (seed % 7), random(seed));
    const { gap, bound, isZero } = gapAndBound(rows, grain(rows));
    if (isZero) zeros++;
    if (isZero && gap > bound) beyond++;
  }
  assert.ok(zeros > 300, `${zeros} samples only have d = 0`);
  assert.ok(beyond <= zeros / 100, `${beyond} of ${zeros}`);
});

test('no group is stepped against: ⟨d, gᵢ⟩ ≥ −tiny, measured on the gradients themselves', () => {
  fc.assert(
    fc.property(samples(), ({ rows }) => {
      const weights = grain(rows);
      const d = combine(rows, weights);
      const s = mass(rows, weights);
      const { isZero } = gapAndBound(rows, weights);
      for (const row of rows) {
        const rounding = roundingOf(rows.length + row.length);
        const tiny = (isZero ? Math.sqrt(rounding) : rounding) * s * norm(row);
        assert.ok(dot(d, row) >= -tiny, `${dot(d, row)} < −${tiny}`);
      }
    }),
    runs,
  );
});

test('d does not depend on the order of the groups', () => {
  fc.assert(
    fc.property(samples(), fc.integer(), ({ rows }, seed) => {
      const { uniform } = random(seed);
      const shuffled = rows
        .map((row) => ({ row, key: uniform() }))
        .sort((a, b) => a.key - b.key)
        .map(({ row }) => row);
      const weights = grain(rows);
      const apart = distance(combine(rows, weights), combine(shuffled, grain(shuffled)));
      assert.ok(apart <= dTolerance(rows, weights), `${apart}`);
    }),
    runs,
  );
});

test('scaling all gradients by 1e-15…1e15 scales d', () => {
  fc.assert(
    fc.property(samples(), fc.integer({ min: -15, max: 15 }), ({ rows }, decades) => {
      const factor = 10 ** decades;
      const weights = grain(rows);
      const scaledWeights = grain(scaled(rows, factor));
      const apart = distance(combine(rows, weights), combine(rows, scaledWeights));
      assert.ok(apart <= dTolerance(rows, weights), `${apart}`);
    }),
    runs,
  );
});

test('scaling by a power of two changes no bit of the weights', () => {
  fc.assert(
    fc.property(samples(), fc.integer({ min: -50, max: 50 }), ({ rows }, power) => {
      assert.deepEqual(grain(scaled(rows, 2 ** power)), grain(rows));
    }),
    runs,
  );
});

test('a gradient given twice changes nothing in d', () => {
  fc.assert(
    fc.property(samples(), ({ rows }) => {
      const weights = grain(rows);
      const doubled = [...rows, ...rows];
      const apart = distance(combine(rows, weights), combine(doubled, grain(doubled)));
      assert.ok(apart <= dTolerance(doubled, grain(doubled)), `${apart}`);
    }),
    runs,
  );
});

test('d agrees with non-negative least squares: u = argmin ‖Gᵀu‖² + (1ᵀu − 1)², w = u/Σu', () => {
  const tame: Sample['family'][] = ['normal', 'low rank', 'weakly stationary', 'duplicates'];
  let compared = 0;
  fc.assert(
    fc.property(samples(tame, 24), ({ rows }) => {
      const longest = Math.max(...rows.map(norm));
      const unit = scaled(rows, 1 / longest);
      const oracle = nnlsWeights(unit);
      if (!oracle) return;
      compared++;
      const apart = distance(combine(unit, grain(unit)), combine(unit, oracle));
      assert.ok(apart <= 1e-7, `${apart}`);
    }),
    runs,
  );
  assert.ok(compared >= 100, `the oracle found only ${compared} answers`);
});

/**
 * The oracle's weights where it has an answer: it goes in circles where rounding keeps dual slacks from being exactly ≤ 0, and
 * sometimes ends at a point that its own dual vector does not call optimal.
 */
function nnlsWeights(rows: readonly Float64Array[]): Float64Array | undefined {
  const columns = Array.from(rows[0]!, (_, j) => rows.map((row) => row[j]!));
  // Equations 0 = 0 make the system as tall as the oracle wants it.
  const padding = rows.map(() => rows.map(() => 0));
  const system = [...columns, ...padding, rows.map(() => 1)];
  const target = [...columns.map(() => 0), ...padding.map(() => 0), 1];
  try {
    const { x, d: dual } = nnls(system, target);
    if (dual.max() > 1e-12) return undefined;
    return Float64Array.from(x.to1DArray(), (u) => u / x.sum());
  } catch {
    return undefined;
  }
}

test('problems of changing size share the workspace without remembering each other', () => {
  fc.assert(
    fc.property(samples(), samples(), (first, second) => {
      const gram = gramOf(first.rows);
      if (first.rows.some((row) => norm(row) === 0)) return;
      const weights = new Float64Array(first.rows.length);
      minNorm(gram, weights);
      grain(second.rows);
      const again = new Float64Array(first.rows.length);
      minNorm(gram, again);
      assert.deepEqual(again, weights);
    }),
    { numRuns: 100 },
  );
});

/** Weights on groups without a zero gradient, beginning from `start`. */
function grainFrom(start: ArrayLike<number>, gram: Float64Array): Float64Array {
  const weights = new Float64Array(Math.sqrt(gram.length));
  minNorm(gram, weights, start);
  return weights;
}

/** Starts as a caller may hand them over: groups that are there or are not, out of order, several times. */
const starts = fc.array(
  fc.oneof(
    { weight: 9, arbitrary: fc.nat({ max: 63 }) },
    fc.constantFrom(-1, -0, 0.5, 64, 1e6, Number.NaN, Number.POSITIVE_INFINITY),
  ),
  { maxLength: 100 },
);

test('any start leads to the same d, and the same start to the same bits', () => {
  fc.assert(
    fc.property(samples(), starts, ({ rows }, start) => {
      const gram = gramOf(rows);
      if (rows.some((row) => norm(row) === 0)) return;
      const cold = grain(rows);
      const warm = grainFrom(start, gram);
      assertOptimal(rows, warm);
      const apart = distance(combine(rows, cold), combine(rows, warm));
      assert.ok(apart <= dTolerance(rows, cold), `${apart}`);
      assert.deepEqual(grainFrom(start, gram), warm);
    }),
    runs,
  );
});

test('from its own support the solution is found again', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 64 }), fc.integer(), (k, seed) => {
      const rows = stepFamilies['common mean']!(k, random(seed));
      const cold = grain(rows);
      const warm = grainFrom(supportOf(cold), gramOf(rows));
      assert.deepEqual(supportOf(warm), supportOf(cold));
      assert.ok(distance(warm, cold) < 1e-12);
    }),
    { numRuns: 100 },
  );
});

for (const k of [256, 1024]) {
  for (const [family, sample] of Object.entries(stepFamilies)) {
    test(`${k} groups, ${family}: the exact gap is at most 1e-11·‖d‖², cold and warm`, () => {
      const rows = sample(k, random(k));
      const gram = gramOf(rows);
      const cold = grain(rows);
      // A start that is nearly right: one group of ten missing, one of ten too many.
      const nearly = supportOf(cold).map((i) => (i % 10 === 0 ? k - 1 - i : i));
      for (const weights of [cold, grainFrom(nearly, gram)]) {
        const { norm2, gap } = exactCertificate(gram, weights);
        assert.ok(gap <= 1e-11 * norm2, `gap ${gap}, ‖d‖² ${norm2}`);
      }
    });
  }
}

for (const [family, sample] of Object.entries(families)) {
  test(`256 groups, ${family}: optimal in exact arithmetic, cold and warm`, () => {
    for (const d of [2, 60, 300]) {
      const rows = sample(256, d, random(d));
      const cold = grain(rows);
      assertOptimal(rows, cold);
      assertOptimal(rows, grainFrom(supportOf(cold), gramOf(rows)));
    }
  });
}
