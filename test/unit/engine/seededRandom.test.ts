import assert from 'node:assert/strict';
import { test } from 'node:test';
import { aggregate } from '../../../src/engine/aggregate.ts';
import { gradDrop } from '../../../src/engine/aggregators/graddrop.ts';
import { projectConflicts } from '../../../src/engine/aggregators/pcgrad.ts';
import { gramOf } from '../../../src/engine/gram.ts';
import { stepRandom } from '../../../src/engine/seededRandom.ts';
import { families } from './families.ts';
import { random } from './random.ts';

test('a seed decides all random numbers; neighbouring seeds give others', () => {
  const numbersOf = (seed: number) => {
    const numbers = stepRandom(seed);
    return [numbers.permutation(8), numbers.uniform(), numbers.permutation(8), numbers.uniform()];
  };
  for (const seed of [0, 1, -1, 2 ** 31, Number.MAX_SAFE_INTEGER]) {
    assert.deepEqual(numbersOf(seed), numbersOf(seed));
    assert.notDeepEqual(
      numbersOf(seed),
      numbersOf(seed === Number.MAX_SAFE_INTEGER ? 0 : seed + 1),
    );
  }
});

test('over neighbouring seeds, permutations are equally likely and first numbers uniform', () => {
  const seeds = 6000;
  const counts = new Map<string, number>();
  const tenths = new Array<number>(10).fill(0);
  for (let seed = 0; seed < seeds; seed++) {
    const numbers = stepRandom(seed);
    const order = numbers.permutation(3).join();
    counts.set(order, (counts.get(order) ?? 0) + 1);
    tenths[Math.floor(10 * numbers.uniform())]!++;
  }
  assert.equal(counts.size, 6);
  // Five standard deviations.
  for (const count of counts.values()) assert.ok(Math.abs(count - 1000) < 145, `${count}`);
  for (const count of tenths) assert.ok(Math.abs(count - 600) < 117, `${count}`);
});

test('pcgrad: the same seed, the same weights; over seeds, others', () => {
  const gram = gramOf(families.normal(6, 3, random(1)));
  const weights = (seed: number) => aggregate({ gram, seed }, 'pcgrad').weights;
  assert.deepEqual(weights(3), weights(3));
  assert.ok(new Set([0, 1, 2, 3].map((seed) => weights(seed).join())).size > 1);
});

test('pcgrad: the order of the projections in a hand-computed case', () => {
  // g₀ = (1, 0), g₁ = (−1, 1), g₂ = (−1, −2). g₀ first along g₁: (½, ½), which conflicts with g₂ by −3/2:
  // + 3/10·g₂ = (1/5, −1/10). g₁ conflicts with g₀: (0, 1), then with g₂ by −2. g₂ with g₀: (0, −2), then g₁ by −2.
  const gram = gramOf([Float64Array.of(1, 0), Float64Array.of(-1, 1), Float64Array.of(-1, -2)]);
  const one = projectConflicts(gram, Float64Array.of(1, 0, 0), () => [0, 1, 2]);
  assert.deepEqual([...one], [1, 0.5, 0.3]);
  const two = projectConflicts(gram, Float64Array.of(0, 1, 0), () => [0, 1, 2]);
  assert.deepEqual([...two], [1, 1, 0.4]);
  const backwards = projectConflicts(gram, Float64Array.of(1, 0, 0), () => [2, 1, 0]);
  // First along g₂: (4/5, −2/5), against g₁ by −6/5: + 3/5·g₁.
  assert.deepEqual([...backwards], [1, 0.6, 0.2]);
});

test('graddrop: a hand-computed case', () => {
  // P = 3/4, 1/2, 1, 0 and nothing to choose.
  const rows = [Float32Array.of(3, 1, 2, -1, 0), Float32Array.of(-1, -1, 4, -3, 0)];
  const draws = (lot: number) => () => lot;
  assert.deepEqual([...gradDrop(rows, 0, draws(0.6))], [1.5, -0.5, 3, -2, 0]);
  assert.deepEqual([...gradDrop(rows, 0, draws(0.8))], [-0.5, -0.5, 3, -2, 0]);
  assert.deepEqual([...gradDrop(rows, 0, draws(0.4))], [1.5, 0.5, 3, -2, 0]);
  // Half of the other sign leaks.
  assert.deepEqual([...gradDrop(rows, 0.5, draws(0.6))], [1.25, -0.25, 3, -2, 0]);
  assert.deepEqual([...gradDrop(rows, 1, 0)], [1, 0, 3, -2, 0]);
});

test('graddrop: positive entries pass as often as P says; the seed decides', () => {
  const d = 20_000;
  const rows = [new Float32Array(d).fill(3), new Float32Array(d).fill(-1)];
  const dropped = gradDrop(rows, 0, 7);
  assert.deepEqual(gradDrop(rows, 0, 7), dropped);
  assert.notDeepEqual(gradDrop(rows, 0, 8), dropped);
  const positive = dropped.filter((x) => x === 1.5).length;
  assert.equal(positive + dropped.filter((x) => x === -0.5).length, d);
  assert.ok(Math.abs(positive / d - 0.75) < 5 * Math.sqrt((0.75 * 0.25) / d));
});

test('graddrop: no rows, or rows of different lengths, are refused', () => {
  assert.throws(() => gradDrop([], 0, 0), { name: 'RangeError' });
  assert.throws(() => gradDrop([new Float32Array(2), new Float32Array(3)], 0, 0), {
    name: 'RangeError',
    message: /lengths 2, 3/,
  });
});
