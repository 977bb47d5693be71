import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { aggregate } from '../../../src/engine/aggregate.ts';
import { gramOf } from '../../../src/engine/gram.ts';
import { projectOntoDualCone } from '../../../src/engine/minNorm/minNorm.ts';
import { type FamilyName, samples } from './families.ts';
import { combine, distance, dot, norm } from './vectors.ts';

/** What the aggregators' own problems say of their solutions, checked on the gradients. */

const tame: FamilyName[] = ['normal', 'low rank', 'weakly stationary', 'duplicates'];
const runs = { numRuns: 300 };

function meanOf(rows: readonly Float64Array[]): Float64Array {
  return combine(
    rows,
    rows.map(() => 1 / rows.length),
  );
}

test('cagrad: d is on the ball around the mean, and as good for the worst group as the dual says is possible', () => {
  fc.assert(
    fc.property(
      samples(tame, 24),
      fc.double({ min: 0.01, max: 0.99, noNaN: true }),
      ({ rows }, c) => {
        const gram = gramOf(rows);
        const { weights, warnings } = aggregate({ gram }, { name: 'cagrad', parameters: { c } });
        if (warnings.some(({ code }) => code === 'no-direction')) return;
        const mean = meanOf(rows);
        const d = combine(rows, weights);
        const radius = c * norm(mean);
        const longest = Math.max(...rows.map(norm));
        assert.ok(Math.abs(distance(d, mean) - radius) <= 1e-8 * longest);

        // Weak duality: no d in the ball does better than min_w ⟨g_w, ḡ⟩ + ρ‖g_w‖ for any w; ours are read off the weights.
        const above = weights.map((weight) => Math.max(0, weight - 1 / rows.length));
        const total = above.reduce((sum, weight) => sum + weight, 0);
        const g = combine(
          rows,
          above.map((weight) => weight / total),
        );
        const bound = dot(g, mean) + radius * norm(g);
        const reached = Math.min(...rows.map((row) => dot(row, d)));
        assert.ok(bound - reached <= 1e-8 * longest * longest, `${bound} > ${reached}`);
      },
    ),
    runs,
  );
});

test('cagrad: c = 0 is the mean', () => {
  fc.assert(
    fc.property(samples(tame, 16), ({ rows }) => {
      const gram = gramOf(rows);
      const { weights } = aggregate({ gram }, { name: 'cagrad', parameters: { c: 0 } });
      assert.deepEqual(weights, aggregate({ gram }, 'mean').weights);
    }),
  );
});

test('nash-mtl: every group’s gain times its weight is the same', () => {
  let solved = 0;
  fc.assert(
    fc.property(samples(undefined, 24), ({ rows }) => {
      const gram = gramOf(rows);
      const { weights } = aggregate({ gram }, 'nash-mtl');
      if (weights.every((weight) => weight === 0)) return;
      solved++;
      assert.ok(weights.every((weight) => weight > 0));
      const d = combine(rows, weights);
      const mass = rows.reduce((sum, row, i) => sum + weights[i]! * norm(row), 0);
      const share = dot(d, d) / rows.length;
      for (const [i, row] of rows.entries()) {
        const floor = 1e-13 * (rows.length + row.length) * weights[i]! * mass * norm(row);
        assert.ok(Math.abs(weights[i]! * dot(d, row) - share) <= 1e-9 * share + floor);
      }
    }),
    runs,
  );
  assert.ok(solved > 100, `only ${solved} had a bargain`);
});

test('nash-mtl: no bargain means that no direction improves every group', () => {
  fc.assert(
    fc.property(samples(undefined, 24), ({ rows }) => {
      const gram = gramOf(rows);
      const { weights } = aggregate({ gram }, 'nash-mtl');
      if (weights.some((weight) => weight !== 0)) return;
      // Of unit vectors, so that a short gradient does not make the hull look as if it held 0.
      const units = rows.map((row) => row.map((x) => x / norm(row)));
      const { norm2 } = aggregate({ gram: gramOf(units) }, 'grain');
      assert.ok(norm2 < 1e-12, `‖d‖² ${norm2}`);
    }),
    runs,
  );
});

test('upgrad: each projection is feasible and orthogonal to what it took away', () => {
  fc.assert(
    fc.property(samples(tame, 24), fc.nat(), ({ rows }, pick) => {
      const k = rows.length;
      const anchor = pick % k;
      const weights = new Float64Array(k);
      projectOntoDualCone(gramOf(rows), anchor, weights);
      assert.equal(weights[anchor], 1);
      assert.ok(weights.every((weight) => weight >= 0));
      const d = combine(rows, weights);
      const size = norm(rows[anchor]!);
      for (const [i, row] of rows.entries()) {
        const inner = dot(d, row) / norm(row);
        assert.ok(inner >= -1e-9 * size, `⟨d, ĝ⟩ = ${inner}`);
        // What pushes is at a right angle.
        if (i !== anchor && weights[i]! > 0) assert.ok(Math.abs(inner) <= 1e-9 * size);
      }
      // Moreau: ⟨d, g⟩ = ‖d‖².
      assert.ok(Math.abs(dot(d, rows[anchor]!) - dot(d, d)) <= 1e-9 * size * size);
    }),
    runs,
  );
});

test('imtl-g: the same cosine with every group, where they are independent', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 12 }), samples(['normal']), (k, { rows }) => {
      const some = rows.slice(0, Math.min(k, rows[0]!.length - 1));
      const { weights, minCosine } = aggregate({ gram: gramOf(some) }, 'imtl-g');
      const d = combine(some, weights);
      for (const row of some) {
        assert.ok(Math.abs(dot(d, row) / norm(d) / norm(row) - minCosine) < 1e-7);
      }
      assert.ok(Math.abs(weights.reduce((sum, weight) => sum + weight, 0) - 1) < 1e-9);
    }),
    runs,
  );
});

test('mean-norm-matched: along the mean, as long as GRAIN’s', () => {
  fc.assert(
    fc.property(samples(tame), ({ rows }) => {
      const gram = gramOf(rows);
      const longest = Math.max(...rows.map(norm));
      const d = combine(rows, aggregate({ gram }, 'mean-norm-matched').weights);
      const mean = meanOf(rows);
      const { norm2 } = aggregate({ gram }, 'grain');
      assert.ok(Math.abs(norm(d) - Math.sqrt(norm2)) <= 1e-6 * longest);
      assert.ok(Math.abs(dot(d, mean) - norm(d) * norm(mean)) <= 1e-9 * longest ** 2);
    }),
    runs,
  );
});
