import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { decayExponent, runningMinimum } from '../../../../src/experiment/statistics/powerLaw.ts';

const exponents = fc.double({ min: 0.05, max: 4, noNaN: true });
const scales = fc.double({ min: 1e-6, max: 1e6, noNaN: true });

function powerLaw(p: number, scale: number, count: number): number[] {
  return Array.from({ length: count }, (_, i) => scale * (i + 1) ** -p);
}

describe('the exponent of a decay', () => {
  test('is that of a power law, whatever its scale and where the fit begins', () => {
    fc.assert(
      fc.property(
        exponents,
        scales,
        fc.integer({ min: 20, max: 500 }),
        fc.integer({ min: 1, max: 9 }),
        (p, scale, count, from) => {
          const found = decayExponent(powerLaw(p, scale, count), from);
          assert.ok(Math.abs(found! - p) < 1e-9, `${found} for ${p}`);
        },
      ),
    );
  });

  test('moves by less than 0.1 for factors of e^−0.1 to e^0.1 over two decades', () => {
    fc.assert(
      fc.property(
        exponents,
        fc.array(fc.double({ min: -0.1, max: 0.1, noNaN: true }), {
          minLength: 100,
          maxLength: 100,
        }),
        (p, noise) => {
          const noisy = powerLaw(p, 1, 100).map((value, i) => value * Math.exp(noise[i]!));
          // The slope of errors of at most ε is at most ε·Σ|t − t̄| / Σ(t − t̄)², here of t = log T in 0 … log 100.
          assert.ok(Math.abs(decayExponent(noisy)! - p) < 0.1);
        },
      ),
    );
  });

  test('of a constant is 0, of a sum the one that decays slower in the end', () => {
    assert.ok(Math.abs(decayExponent(powerLaw(0, 3, 50))!) < 1e-12);
    const both = powerLaw(1, 1, 5000).map((slow, i) => slow + 100 * (i + 1) ** -3);
    const found = decayExponent(both, 500)!;
    assert.ok(Math.abs(found - 1) < 1e-3, String(found));
  });

  test('is unknown where a value is zero, negative or missing, or there is one point only', () => {
    assert.equal(decayExponent([1, 0, 1, 1]), null);
    assert.equal(decayExponent([1, -1, 1]), null);
    assert.equal(decayExponent([1, Number.NaN, 1]), null);
    assert.equal(decayExponent([1]), null);
    assert.equal(decayExponent([3, 2, 1], 3), null);
  });
});

test('the running minimum never rises, and is a value seen so far', () => {
  fc.assert(
    fc.property(fc.array(fc.double({ noNaN: true }), { minLength: 1 }), (values) => {
      const least = runningMinimum(values);
      for (const [i, value] of least.entries()) {
        assert.equal(value, Math.min(...values.slice(0, i + 1)));
      }
    }),
  );
});
