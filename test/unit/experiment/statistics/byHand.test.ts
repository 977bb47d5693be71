import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { exampleAgreement } from '../../../../src/experiment/statistics/agreement.ts';
import { bootstrapInterval } from '../../../../src/experiment/statistics/bootstrap.ts';
import { crossedComponents, fullCrossing } from '../../../../src/experiment/statistics/crossed.ts';
import { pairedEffect } from '../../../../src/experiment/statistics/effects.ts';
import { expectedBest } from '../../../../src/experiment/statistics/expectedBest.ts';
import { fisherP } from '../../../../src/experiment/statistics/failures.ts';
import { holm } from '../../../../src/experiment/statistics/holm.ts';
import { meanInterval, pairedT } from '../../../../src/experiment/statistics/means.ts';
import { multiBootstrap } from '../../../../src/experiment/statistics/multiBootstrap.ts';
import { signFlipP, smallestP } from '../../../../src/experiment/statistics/permutation.ts';
import {
  binomialError,
  bootstrapError,
} from '../../../../src/experiment/statistics/samplingError.ts';
import {
  brownForsythe,
  deviationDifferences,
  ratioOfSpreads,
  spreadInterval,
} from '../../../../src/experiment/statistics/spread.ts';
import { crossingOf } from './crossingOf.ts';

const near = (one: number, other: number, tolerance = 1e-12) =>
  assert.ok(Math.abs(one - other) <= tolerance, `${one} is not ${other}`);

describe('cases worked by hand', () => {
  test('sign flips: 3 of 8 assignments are as far from 0 as the observed one', () => {
    // ±1 ±2 ±4: sums 7, 5, 3, 1 and their negatives; observed −1 + 2 + 4 = 5: 7 and 5, twice.
    near(signFlipP([-1, 2, 4]), 4 / 8);
    near(signFlipP([1, 1, 1, 1, 1, 1]), 2 / 64);
    near(signFlipP([0, 0, 0]), 1);
    near(signFlipP([3]), 1);
    assert.deepEqual([smallestP(1), smallestP(5), smallestP(6)], [1, 1 / 16, 1 / 32]);
  });

  test('sampled sign flips are near the exact p, never 0, and the same every time', () => {
    const fifteen = Array.from({ length: 15 }, (_, i) => Math.sin(i) + 0.3);
    // By Gray code over all 2¹⁵ signs.
    let extreme = 0;
    for (let signs = 0; signs < 2 ** 15; signs++) {
      const sum = fifteen.reduce(
        (total, value, i) => total + (signs & (1 << i) ? -value : value),
        0,
      );
      if (Math.abs(sum) >= Math.abs(fifteen.reduce((a, b) => a + b)) - 1e-9) extreme++;
    }
    near(signFlipP(fifteen), extreme / 2 ** 15, 0.02);
    assert.equal(signFlipP(fifteen), signFlipP(fifteen));
    near(signFlipP(Array.from({ length: 40 }, () => 1)), 1e-4);
  });

  test('differences that are all alike have no t', () => {
    assert.deepEqual(pairedT([0.1, 0.1]), { difference: 0.1, interval: null, t: null, p: null });
    assert.deepEqual(pairedT([0, 0]), { difference: 0, interval: { low: 0, high: 0 }, t: 0, p: 1 });
    assert.equal(pairedT([0.2]).p, null);
    // Equal up to rounding: 0.9 − 0.8 is not 0.3 − 0.2.
    assert.equal(pairedT([0.9 - 0.8, 0.3 - 0.2]).p, null);
    assert.equal(pairedEffect([0.9 - 0.8, 0.3 - 0.2]), null);
    assert.equal(meanInterval([1]), null);
    assert.equal(meanInterval([2, 2]), null);
  });

  test('spreads: constants, two values, pairs exchanged', () => {
    assert.equal(
      ratioOfSpreads([
        [1, 1],
        [1, 2],
        [1, 3],
      ]),
      null,
    );
    assert.equal(
      ratioOfSpreads([
        [1, 1],
        [2, 3],
      ])!.ratio,
      1 / 2,
    );
    assert.equal(
      ratioOfSpreads([
        [1, 1],
        [2, 3],
      ])!.interval,
      null,
    );
    assert.equal(spreadInterval([1, 1, 2]), null, 'without the 2 there is no spread');
    assert.equal(
      brownForsythe([
        [1, 1, 1],
        [2, 2, 2],
      ]),
      null,
    );
    assert.deepEqual(
      deviationDifferences([
        [1, 10],
        [2, 20],
        [4, 0],
      ]),
      [1 - 0, 0 - 10, 2 - 10],
    );
  });

  test("Fisher's tea: 3 of 4 cups", () => {
    near(fisherP({ count: 3, n: 4 }, { count: 1, n: 4 }), 34 / 70, 1e-10);
    near(fisherP({ count: 0, n: 5 }, { count: 0, n: 9 }), 1, 1e-10);
  });

  test("Holm's steps, and tests that could not be made", () => {
    assert.deepEqual(holm([0.01, null, 0.04, 0.03]), [0.03, null, 0.06, 0.06]);
    assert.deepEqual(holm([]), []);
  });

  test('expected best of m runs', () => {
    // Two runs: one of them half of the time, the better one in 3 of 4 draws of two.
    assert.deepEqual(expectedBest([0.4, 0.8], 'higher'), [0.6000000000000001, 0.7000000000000001]);
    near(expectedBest([1, 3], 'lower')[1]!, 1.5);
    assert.deepEqual(expectedBest([], 'higher'), []);
  });

  test('churn and consistency', () => {
    const runs = [
      ['a', 'b', 'c'],
      ['a', 'b', 'd'],
      ['a', 'x', 'e'],
    ];
    const { churn, matrix, consistency, unanimous, disputed } = exampleAgreement(runs)!;
    assert.deepEqual(matrix, [
      [0, 1 / 3, 2 / 3],
      [1 / 3, 0, 2 / 3],
      [2 / 3, 2 / 3, 0],
    ]);
    near(churn, (1 / 3 + 2 / 3 + 2 / 3) / 3);
    assert.deepEqual(consistency, [1, 2 / 3, 1 / 3]);
    near(unanimous, 1 / 3);
    assert.deepEqual(disputed, [2, 1]);
    assert.equal(exampleAgreement(runs.slice(0, 1)), null);
  });

  test('sampling error: 400 examples at 0.87 are ± 0.017, by both formulas', () => {
    near(binomialError(0.87, 400), 0.0168, 1e-4);
    const correct = Array.from({ length: 400 }, (_, i) => (i < 348 ? 1 : 0));
    const accuracy = (indices: readonly number[]) =>
      indices.reduce((sum, i) => sum + correct[i]!, 0) / indices.length;
    near(bootstrapError(400, accuracy)!, 0.0168, 0.003);
    assert.equal(
      bootstrapError(400, () => Number.NaN),
      null,
    );
  });

  test('a bootstrap that has nothing to tell', () => {
    const mean = (values: readonly number[]) => values.reduce((a, b) => a + b) / values.length;
    assert.equal(bootstrapInterval([1], mean), null);
    assert.equal(bootstrapInterval([1, 1, 1], mean), null);
    const interval = bootstrapInterval([1, 2, 3, 4, 5], mean)!;
    assert.deepEqual(interval, bootstrapInterval([1, 2, 3, 4, 5], mean), 'seeded');
    assert.ok(1 < interval.low && interval.low < 3 && 3 < interval.high && interval.high < 5);
  });

  test('crossed seeds: rows that differ by 2, columns by 1, and nothing else', () => {
    const { sources, rest } = crossedComponents(
      crossingOf([
        [1, 2],
        [3, 4],
      ]),
    );
    const [init, order] = sources;
    // Mean squares: rows 2·2·1², columns 2·2·0.5², rest 0; σ² = (MS − 0)/2.
    near(init!.variance, 2);
    near(order!.variance, 0.5);
    near(rest.variance, 0);
    near(init!.share!, 0.8);
    assert.equal(
      crossedComponents(
        crossingOf([
          [1, 1],
          [1, 1],
        ]),
      ).rest.share,
      null,
    );
  });

  test('gaps among crossed seeds: the row or column with most of them is left out', () => {
    const cell = (...levels: number[]) => ({ levels, value: 10 * levels[0]! + levels[1]! });
    const cells = [0, 1, 2].flatMap((init) => [0, 1].map((order) => cell(init, order)));
    assert.deepEqual(fullCrossing(cells), {
      levels: [
        [0, 1, 2],
        [0, 1],
      ],
      cells,
    });
    const gap = fullCrossing(cells.slice(0, -1))!;
    assert.deepEqual(gap.levels, [
      [0, 1],
      [0, 1],
    ]);
    assert.equal(gap.cells.length, 4);
    // Paired seeds are a diagonal: of no two all four cells are there.
    assert.equal(fullCrossing([cell(0, 0), cell(1, 1), cell(2, 2)]), null);
    const cube = [0, 1].flatMap((a) => [0, 1].flatMap((b) => [0, 1, 2].map((c) => cell(a, b, c))));
    assert.deepEqual(fullCrossing(cube.slice(0, -1))!.levels[2], [0, 1]);
  });

  test('three crossed sources: effects of ±1, ±2 and 0, ±3, and nothing else', () => {
    const cells = [-1, 1].flatMap((a) =>
      [-2, 2].flatMap((b) => [-3, 0, 3].map((c) => ({ levels: [a, b, c], value: a + b + c }))),
    );
    const { sources, rest } = crossedComponents(fullCrossing(cells)!);
    // Sample variances of the effects.
    [2, 8, 9].forEach((variance, f) => {
      near(sources[f]!.variance, variance);
    });
    near(rest.variance, 0);
    near(sources[2]!.share!, 9 / 19);
  });

  test('multi-bootstrap: of additive effects its variance is that of seeds plus that of examples', () => {
    const [seeds, examples] = [
      [-1, 1, 3, 5],
      [0, 2, 4, 6, 8],
    ];
    const difference = (seed: number, places: ArrayLike<number>) =>
      seeds[seed]! +
      Array.from(places, (place) => examples[place]! - 4).reduce((a, b) => a + b) / places.length;
    const { interval, p } = multiBootstrap(seeds.length, examples.length, difference)!;
    // Mean 2; σ² = 5/4 + 8/5.
    const margin = 1.96 * Math.sqrt(5 / 4 + 8 / 5);
    near(interval.low, 2 - margin, 0.5);
    near(interval.high, 2 + margin, 0.5);
    assert.ok(p > 0.15 && p < 0.35, `p = ${p}`);
    const never = multiBootstrap(2, 3, () => Number.NaN);
    assert.equal(never, null);
    near(multiBootstrap(3, 3, () => 1)!.p, 2 / 1001);
  });
});
