import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { bandOf } from '../../../../src/experiment/statistics/bands.ts';
import { summarise } from '../../../../src/experiment/statistics/summary.ts';

const near = (one: number, other: number) =>
  assert.ok(Math.abs(one - other) <= 1e-9 * Math.max(1, Math.abs(other)), `${one} ≠ ${other}`);

test('the summary is the textbook one', () => {
  const { mean, std, min, max, n } = summarise([2, 4, 4, 4, 5, 5, 7, 9]);
  assert.deepEqual([mean, min, max, n], [5, 2, 9, 8]);
  near(std!, Math.sqrt(32 / 7));
  assert.deepEqual(summarise([3]), { mean: 3, std: null, min: 3, max: 3, n: 1 });
});

test('moments of any values', () => {
  fc.assert(
    fc.property(
      fc.array(fc.double({ min: -1e3, max: 1e3, noNaN: true }), { minLength: 2 }),
      (values) => {
        const { mean, std, min, max, n } = summarise(values);
        const expected = values.reduce((sum, value) => sum + value) / values.length;
        near(mean, expected);
        const squares = values.reduce((sum, value) => sum + (value - expected) ** 2, 0);
        near(std!, Math.sqrt(squares / (values.length - 1)));
        assert.ok(min <= mean + 1e-9 && mean <= max + 1e-9);
        assert.equal(n, values.length);
      },
    ),
  );
});

test('a band has each step that a seed has reached, over those that have', () => {
  const band = bandOf([
    [
      { step: 0, value: 1 },
      { step: 10, value: 3 },
    ],
    [{ step: 0, value: 3 }],
    [],
    [
      { step: 0, value: 5 },
      { step: 10, value: 7 },
      { step: 20, value: 8 },
    ],
  ]);
  assert.deepEqual(
    band.map(({ step, mean, n }) => [step, mean, n]),
    [
      [0, 3, 3],
      [10, 5, 2],
      [20, 8, 1],
    ],
  );
  near(band[0]!.std!, 2);
  near(band[1]!.std!, Math.sqrt(8));
  assert.equal(band[2]!.std, null);
  assert.deepEqual(bandOf([]), []);
});
