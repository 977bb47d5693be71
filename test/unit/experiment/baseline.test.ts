import assert from 'node:assert/strict';
import { test } from 'node:test';
import { differenceTo } from '../../../src/experiment/baseline.ts';

const values = (...pairs: readonly (readonly [string, number])[]) =>
  pairs.map(([seed, value]) => ({ seed, method: 'grain', value }));

test('seeds that both have are paired, others left out', () => {
  const to = differenceTo(
    values(['0', 1], ['1', 2], ['2', 9]),
    values(['1', 2.5], ['0', 2], ['7', -50]),
  );
  assert.deepEqual([to?.difference, to?.pairs], [0.75, 2]);
  // Student's t of (1, 0.5) with one degree of freedom: 0.75 ± 12.706 · 0.25.
  assert.ok(Math.abs(to!.interval!.high - (0.75 + 12.7062 * 0.25)) < 1e-3);
});

test('without a common seed, or with a seed twice, means are compared, without an interval', () => {
  const expected = { difference: 2, interval: null, pairs: 0 };
  assert.deepEqual(differenceTo(values(['0', 1]), values(['1', 3])), expected);
  const twice = values(['0', 1], ['0', 3]);
  assert.deepEqual(differenceTo(twice, values(['0', 4])), expected);
});

test('nothing is compared with nothing', () => {
  assert.equal(differenceTo([], values(['0', 1])), null);
  assert.equal(differenceTo(values(['0', 1]), []), null);
});

test('several methods of a seed are paired each with its own', () => {
  const both = (grain: number, mean: number) => [
    { seed: '0', method: 'grain', value: grain },
    { seed: '0', method: 'mean', value: mean },
  ];
  const to = differenceTo(both(1, 2), both(4, 3));
  assert.deepEqual([to?.difference, to?.pairs], [2, 2]);
  assert.equal(differenceTo(both(1, 2), values(['0', 5]))?.pairs, 1);
});
