import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { aggregate } from '../../../src/engine/aggregate.ts';
import { certify } from '../../../src/engine/certificate.ts';
import { gramOf } from '../../../src/engine/gram.ts';
import { screen } from '../../../src/engine/screen.ts';
import { exactCertificate } from './exact.ts';
import { families, samples } from './families.ts';
import { random } from './random.ts';
import { combine, distance } from './vectors.ts';

test('norm2 and gap agree with exact arithmetic to within the stated floor, whatever the weights', () => {
  fc.assert(
    fc.property(samples(), fc.integer(), ({ rows }, seed) => {
      const { uniform } = random(seed);
      const raw = Float64Array.from(rows, () => (uniform() < 0.5 ? 0 : uniform()));
      const sum = raw.reduce((a, b) => a + b);
      if (sum === 0) return;
      const weights = raw.map((w) => w / sum);
      const gram = gramOf(rows);
      const certificate = certify(screen({ gram }), weights);
      const exact = exactCertificate(gram, weights);
      assert.ok(Math.abs(certificate.norm2 - exact.norm2) <= certificate.gapFloor);
      assert.ok(Math.abs(certificate.gap - exact.gap) <= certificate.gapFloor);
    }),
    { numRuns: 300 },
  );
});

/** Weights that grain did not mean. */
const corruptions: Record<string, (weights: Float64Array) => Float64Array> = {
  'a thousandth moved from the heaviest group to the lightest': (weights) => {
    const moved = weights.slice();
    moved[weights.indexOf(Math.max(...weights))]! -= 1e-3;
    moved[weights.indexOf(Math.min(...weights))]! += 1e-3;
    return moved;
  },
  'turned round by one group': (weights) => weights.map((_, i) => weights.at(i - 1)!),
  'one group forgotten': (weights) => {
    const heaviest = Math.max(...weights);
    return weights.map((w) => (w === heaviest ? 0 : w / (1 - heaviest)));
  },
  halved: (weights) => weights.map((w) => w / 2),
  'one weight negative': (weights) => {
    const moved = weights.slice();
    moved[0] = -moved[0]!;
    moved[1]! += 2 * weights[0]!;
    return moved;
  },
  'one weight NaN': (weights) => weights.map((w, i) => (i === 0 ? Number.NaN : w)),
};
for (const [what, corrupt] of Object.entries(corruptions)) {
  test(`corrupted weights are noticed: ${what}`, () => {
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 32 }), fc.integer(), (k, seed) => {
        const rows = families.normal(k, 2 * k, random(seed));
        const gram = gramOf(rows);
        const { weights, norm2, gap } = aggregate({ gram }, 'grain');
        assert.ok(gap <= 1e-10 * norm2);
        const corrupted = corrupt(weights);
        const d = combine(rows, corrupted);
        fc.pre(!(distance(d, combine(rows, weights)) < 1e-4 * Math.sqrt(norm2)) || d.includes(NaN));
        const noticed = certify(screen({ gram }), corrupted);
        assert.ok(noticed.gap > 1e-10 * norm2 + noticed.gapFloor, `gap ${noticed.gap}`);
      }),
    );
  });
}

test('the gap bounds the squared distance to the shortest vector', () => {
  fc.assert(
    fc.property(fc.integer({ min: 2, max: 32 }), fc.integer(), (k, seed) => {
      const rows = families.normal(k, k, random(seed));
      const gram = gramOf(rows);
      const best = combine(rows, aggregate({ gram }, 'grain').weights);
      const { gap } = aggregate({ gram }, 'mean');
      const mean = combine(rows, new Float64Array(k).fill(1 / k));
      assert.ok(distance(mean, best) ** 2 <= gap * (1 + 1e-9));
    }),
  );
});

test('a zero group counts where it carries weight, and only there', () => {
  const groups = screen({ gram: gramOf([Float64Array.of(2, 0), Float64Array.of(0, 0)]) });
  assert.equal(certify(groups, [1, 0]).gap, 0);
  assert.equal(certify(groups, [0.5, 0.5]).gap, 1);
});

test('weight on a group that is not finite makes the certificate say so', () => {
  const groups = screen({ gram: gramOf([Float64Array.of(1), Float64Array.of(Number.NaN)]) });
  assert.ok(Number.isNaN(certify(groups, [0.5, 0.5]).norm2));
  assert.equal(certify(groups, [0.5, 0.5]).gap, Number.POSITIVE_INFINITY);
  assert.equal(certify(groups, [1, 0]).norm2, 1);
});

test('weights that went through float32 are still on the simplex', () => {
  const gram = gramOf(families.normal(7, 20, random(3)));
  const { weights } = aggregate({ gram }, 'grain');
  const { gap, norm2 } = certify(screen({ gram }), Float32Array.from(weights));
  assert.ok(gap < 1e-5 * norm2);
});
