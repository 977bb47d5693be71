import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import quadprog from 'quadprog';
import { gramOf } from '../../../src/engine/gram.ts';
import { guard } from '../../../src/engine/guard.ts';
import { samples } from './families.ts';
import { normalRows, random } from './random.ts';
import { combine, distance, dot, norm } from './vectors.ts';

/** A proposed change for gradients of every family: unrelated, along the mean with noise, or along one group against the others. */
const proposals = fc
  .record({
    sample: samples(undefined, 16),
    kind: fc.constantFrom('unrelated', 'noisy mean', 'one group', 'against all'),
    seed: fc.integer(),
    share: fc.constantFrom(0, 0, 0.01, 0.2),
  })
  .map(({ sample: { family, rows }, kind, seed, share }) => {
    const numbers = random(seed);
    const d = rows[0]!.length;
    const [noise] = normalRows(1, d, numbers);
    const mean = combine(
      rows,
      rows.map(() => 1 / rows.length),
    );
    const step = {
      unrelated: noise!,
      'noisy mean': mean.map((x, j) => x + 0.5 * (norm(mean) / Math.sqrt(d)) * noise![j]!),
      'one group': rows[Math.floor(numbers.uniform() * rows.length)]!,
      'against all': mean.map((x) => -x),
    }[kind];
    return { family, kind, rows, step, share };
  });

function guarded(rows: readonly Float64Array[], step: Float64Array, share: number) {
  const allowed = rows.map((row) => share * norm(row) * norm(step));
  const inner = rows.map((row) => dot(step, row));
  const result = guard({ gram: gramOf(rows), inner, norm2: dot(step, step), allowed });
  const correction = combine(rows, result.multipliers);
  return { result, allowed, corrected: step.map((x, j) => x + correction[j]!) };
}

test('the guarded change conflicts with no group beyond rounding, and is the nearest such: the gap vanishes', () => {
  fc.assert(
    fc.property(proposals, ({ rows, step, share }) => {
      const { result, allowed, corrected } = guarded(rows, step, share);
      const mass = rows.reduce(
        (sum, row, i) => sum + result.multipliers[i]! * norm(row),
        norm(step),
      );
      for (const [i, row] of rows.entries()) {
        assert.ok(result.multipliers[i]! >= 0);
        const margin = dot(corrected, row) + allowed[i]!;
        assert.ok(margin >= -1e-7 * mass * norm(row), `group ${i}: ${margin}`);
      }
      assert.ok(result.gap <= 1e-9 * mass ** 2, `gap ${result.gap}`);
      const distance2 = distance(corrected, step) ** 2;
      assert.ok(Math.abs(result.correction2 - distance2) <= 1e-9 * mass ** 2);
      assert.ok(Math.abs(result.norm2 - dot(corrected, corrected)) <= 1e-9 * mass ** 2);
    }),
    { numRuns: 2000 },
  );
});

test('a change that conflicts with no group is left as it is', () => {
  fc.assert(
    fc.property(samples(), ({ rows }) => {
      const [step] = normalRows(1, rows[0]!.length, random(1));
      const agreeing = rows.map((row) => (dot(row, step!) < 0 ? row.map((x) => -x) : row));
      const inner = agreeing.map((row) => dot(row, step!));
      const norm2 = dot(step!, step!);
      const result = guard({ gram: gramOf(agreeing), inner, norm2 });
      assert.ok(result.multipliers.every((lambda) => lambda === 0));
      assert.deepEqual([...result.inner], inner);
      assert.equal(result.norm2, norm2);
      assert.equal(result.gap, 0);
      assert.equal(result.stalled, false);
    }),
  );
});

test('as quadprog’s dual method and as all supports tried one by one, in any metric and with any allowance', () => {
  const numbers = random(7);
  let compared = 0;
  for (let round = 0; round < 10_000; round++) {
    const k = 2 + (round % 5);
    const d = 2 + (round % 7);
    const rows = normalRows(k, d, numbers);
    // Every third problem is degenerate: a duplicate, and a group opposite to another.
    if (round % 3 === 0) rows[1] = rows[0]!.map((x) => (round % 2 ? x : -2 * x));
    const [step] = normalRows(1, d, numbers);
    // In half of the problems what AdamW multiplies with, over four decades; in a third each group may lose a share.
    const root = step!.map(() => (round % 2 ? 10 ** (2 * numbers.uniform() - 1) : 1));
    const share = [0, 0, 0.05][Math.floor(round / 6) % 3]!;
    // The problem in coordinates in which M is the identity.
    const scaledRows = rows.map((row) => row.map((x, j) => x * root[j]!));
    const scaledStep = step!.map((x, j) => x / root[j]!);
    const allowed = scaledRows.map((row) => share * norm(row) * norm(scaledStep));

    const inner = rows.map((row) => dot(step!, row));
    const norm2 = dot(scaledStep, scaledStep);
    const { multipliers } = guard({ gram: gramOf(scaledRows), inner, norm2, allowed });
    const sum = combine(rows, multipliers);
    const corrected = step!.map((x, j) => x + root[j]! ** 2 * sum[j]!);
    const expected = bySupports(scaledRows, scaledStep, allowed).map((x, j) => x * root[j]!);
    const scale = Math.max(...root) * (norm(scaledStep) + 1);
    assert.ok(distance(corrected, expected) <= 1e-9 * scale, `round ${round}`);
    if (round % 3 === 0 || k > d) continue;
    compared++;
    const theirs = combine(rows, byQuadprog(scaledRows, scaledStep, allowed));
    assert.ok(distance(sum, theirs) <= 1e-6 * (1 + norm(theirs)), `round ${round}`);
  }
  assert.ok(compared > 2000);
});

/** The nearest feasible point among the projections onto the faces of every support: exponential, and independent. */
function bySupports(
  rows: readonly Float64Array[],
  step: Float64Array,
  allowed: readonly number[],
): Float64Array {
  let nearest = new Float64Array(step.length).fill(Number.NaN);
  let least = Number.POSITIVE_INFINITY;
  for (let support = 0; support < 2 ** rows.length; support++) {
    // Gram–Schmidt leaves out what depends on the rows before: { unit vector, its product with the points of the face }.
    const basis: { unit: Float64Array; level: number }[] = [];
    for (const [i, row] of rows.entries()) {
      if (!(support & (2 ** i))) continue;
      let rest = row;
      let level = -allowed[i]!;
      for (const { unit, level: own } of [...basis, ...basis]) {
        const along = dot(rest, unit);
        rest = rest.map((x, j) => x - along * unit[j]!);
        level -= along * own;
      }
      const length = norm(rest);
      if (length > 1e-9 * norm(row)) {
        basis.push({ unit: rest.map((x) => x / length), level: level / length });
      }
    }
    let point = step;
    for (const { unit, level } of [...basis, ...basis]) {
      const along = dot(point, unit) - level;
      point = point.map((x, j) => x - along * unit[j]!);
    }
    const isFeasible = rows.every(
      (row, i) => dot(point, row) >= -allowed[i]! - 1e-10 * norm(row) * norm(step),
    );
    if (isFeasible && distance(point, step) < least) {
      least = distance(point, step);
      nearest = Float64Array.from(point);
    }
  }
  return nearest;
}

/** Multipliers by quadprog: min ½λᵀHλ + (r + a)ᵀλ, λ ≥ 0. Its arrays count from 1. */
function byQuadprog(
  rows: readonly Float64Array[],
  step: Float64Array,
  allowed: readonly number[],
): Float64Array {
  const matrix = [[], ...rows.map((row) => [0, ...rows.map((other) => dot(row, other))])];
  const linear = [0, ...rows.map((row, i) => -dot(row, step) - allowed[i]!)];
  const identity = [[], ...rows.map((_, i) => [0, ...rows.map((_, j) => (i === j ? 1 : 0))])];
  const bounds = [0, ...rows.map(() => 0)];
  const { solution, message } = quadprog.solveQP(matrix, linear, identity, bounds, 0);
  assert.equal(message, '');
  return Float64Array.from(solution.slice(1), (lambda) => Math.max(0, lambda));
}

test('an error of 10⁻⁷ in the Gram matrix, as in float32, does not make the correction much longer than the change', () => {
  fc.assert(
    fc.property(proposals, fc.integer(), ({ rows, step }, seed) => {
      const numbers = random(seed);
      const k = rows.length;
      const gram = gramOf(rows);
      for (let i = 0; i < k; i++) {
        for (let j = 0; j < i; j++) {
          const error = 1e-7 * (2 * numbers.uniform() - 1) * norm(rows[i]!) * norm(rows[j]!);
          gram[i * k + j]! += error;
          gram[j * k + i]! += error;
        }
      }
      const inner = rows.map((row) => dot(row, step));
      const { multipliers } = guard({ gram, inner, norm2: dot(step, step) });
      const length = norm(combine(rows, multipliers));
      assert.ok(length <= 4 * norm(step), `${length / norm(step)}`);
    }),
    { numRuns: 2000 },
  );
});

test('where groups are opposed the only change against nobody is none: the guard says that it stalls', () => {
  const rows = [
    Float64Array.of(1, 0),
    Float64Array.of(-1, 0),
    Float64Array.of(0, 1),
    Float64Array.of(0, -2),
  ];
  const { result, corrected } = guarded(rows, Float64Array.of(3, 4), 0);
  assert.ok(result.stalled);
  assert.ok(norm(corrected) <= 1e-12);
  const relaxed = guarded(rows, Float64Array.of(3, 4), 0.1);
  assert.equal(relaxed.result.stalled, false);
  // Each group may lose a tenth of ‖Δ‖‖gᵢ‖ = 5‖gᵢ‖.
  assert.ok(distance(relaxed.corrected, Float64Array.of(0.5, 0.5)) <= 1e-12);
});

test('groups with a zero gradient or one that is not finite constrain nothing', () => {
  const gram = Float64Array.of(
    1,
    0,
    Number.NaN,
    0,
    0,
    Number.NaN,
    Number.NaN,
    Number.NaN,
    Number.NaN,
  );
  const { multipliers } = guard({ gram, inner: [-2, 0, Number.NaN], norm2: 4 });
  assert.deepEqual([...multipliers], [2, 0, 0]);
});

test('lists of another length are refused', () => {
  assert.throws(() => guard({ gram: new Float64Array(4), inner: [1], norm2: 1 }), RangeError);
});
