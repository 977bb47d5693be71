import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { findingsOf } from '../../../src/experiment/findings.ts';
import { furtherTestsOf } from '../../../src/experiment/furtherTests.ts';
import { furtherTable } from '../../../src/experiment/report/furtherTable.ts';
import type { SeedResult } from '../../../src/experiment/seedResults.ts';

/** @param values by method, in the order of the seeds; `null` for a run that was stopped */
function findingsFrom(
  values: Readonly<Record<string, readonly (number | null)[]>>,
  point?: string,
) {
  const results = Object.entries(values).flatMap(([method, all]) =>
    all.map(
      (value, seed): SeedResult => ({
        ...{ run: `${method}-${seed}`, method, seed: String(seed), failed: false, reason: null },
        ...(point !== undefined && { point }),
        ...{ status: value === null ? 'stopped' : 'finished', counts: value !== null, value },
      }),
    ),
  );
  return findingsOf({
    ...{ metric: 'accuracy', better: 'higher', constantPredictor: null, isCrossed: false },
    ...{ looks: null, results, validation: null },
  });
}

const tableOf = (findings: ReturnType<typeof findingsOf>) =>
  furtherTable({ furtherTests: furtherTestsOf(findings) });

describe('tests beside those of the verdict', () => {
  test('two methods: Mann–Whitney, unpaired t and normality, worked by hand', () => {
    const findings = findingsFrom({ grain: [4, 5, 6], mean: [1, 2, 3] });
    const { mannWhitney, several, unpairedT, normality, dependence } = furtherTestsOf(findings);
    // Of 20 orders of six values, one has the first three on top, one at the bottom.
    const all = { one: 'grain', other: 'mean', runs: [3, 3], u: 9, p: 2 / 20, rankBiserial: 1 };
    assert.deepEqual([mannWhitney, several], [[all], []]);
    // 3 over √(2·1/3); spreads are equal, and so are both tests.
    const [{ student, welch } = assert.fail()] = unpairedT;
    assert.ok(Math.abs(student!.t - 3 / Math.sqrt(2 / 3)) < 1e-12);
    assert.deepEqual([student!.df, welch], [4, student]);
    // Equally distant values are as normal as three can look; differences that are all alike have no test.
    assert.deepEqual(
      normality.methods.map(({ n, shapiroWilk }) => [n, Math.abs(shapiroWilk.w - 1) < 1e-12]),
      [
        [3, true],
        [3, true],
      ],
    );
    assert.deepEqual([normality.differences, dependence], [[], []]);
    const { rows, note } = tableOf(findings);
    assert.deepEqual(rows, [
      ['grain − mean', 'Mann–Whitney', '3 + 3 runs', 'U 9', '0.1', 'r 1'],
      ['grain − mean', 'Student’s t, unpaired', '3 + 3 runs', 't 3.67, df 4', '0.021', ''],
      ['grain − mean', 'Welch’s t', '3 + 3 runs', 't 3.67, df 4', '0.021', ''],
      ['grain', 'Shapiro–Wilk', '3 runs', 'W 1', '1', ''],
      ['mean', 'Shapiro–Wilk', '3 runs', 'W 1', '1', ''],
    ]);
    assert.ok(note!.includes('loses power') && !note!.includes('Friedman'));
  });

  test('three methods: over all runs, and Friedman over the seeds that all of them have', () => {
    const findings = findingsFrom({
      ...{ grain: [3, 6, 9, null], pcgrad: [2, 5, 8, 4], mean: [1, 4, 7, 4] },
    });
    const { mannWhitney, several } = furtherTestsOf(findings);
    assert.equal(mannWhitney.length, 2);
    const [{ methods, runs, friedman, kruskalWallis, anova } = assert.fail()] = several;
    assert.deepEqual([methods, runs], [['grain', 'pcgrad', 'mean'], 11]);
    // All three seeds rank them alike: χ² = n(k − 1) with two degrees of freedom, whose tail is e^(−χ²/2).
    const { seeds, chiSquare, p, kendallsW } = friedman!;
    assert.deepEqual([seeds, chiSquare, kendallsW], [3, 6, 1]);
    assert.ok(Math.abs(p - Math.exp(-3)) < 1e-12 && kruskalWallis!.p > 0.3 && anova!.p > 0.3);
    assert.deepEqual(
      tableOf(findings)
        .rows.map(([, name, over]) => [name!, over])
        .filter(([name]) => !/ t|Shapiro/.test(name!)),
      [
        ['Mann–Whitney', '3 + 4 runs'],
        ['Mann–Whitney', '4 + 4 runs'],
        ['Kruskal–Wallis', '11 runs'],
        ['Friedman', '3 seeds'],
        ['analysis of variance', '11 runs'],
      ],
    );
  });

  test('a method of one run is left out; alike values have no p of several', () => {
    assert.deepEqual(furtherTestsOf(findingsFrom({ grain: [1], mean: [1, 2] })).mannWhitney, []);
    const alike = furtherTestsOf(findingsFrom({ a: [1, 1], b: [1, 1], c: [1, 1] }));
    assert.deepEqual(
      alike.mannWhitney.map(({ p }) => p),
      [1, 1, 1],
    );
    const [{ kruskalWallis, friedman, anova } = assert.fail()] = alike.several;
    assert.deepEqual([kruskalWallis, friedman, anova], [null, null, null]);
  });

  test('runs that resemble those before them are found, in the order of the seeds', () => {
    const drifting = Array.from({ length: 20 }, (_, i) => i + (i % 2));
    const { dependence } = furtherTestsOf(findingsFrom({ grain: drifting }));
    const [{ method, n, p, autocorrelation } = assert.fail()] = dependence;
    assert.deepEqual([method, n], ['grain', 20]);
    assert.ok(p < 0.001 && autocorrelation > 0.9);
  });

  test('without values there is no table; in a grid, methods of one point are taken together', () => {
    assert.deepEqual(tableOf(findingsFrom({ grain: [null], mean: [null] })).rows, []);
    const values = { 'a x=1': [1, 2], 'b x=1': [2, 4], 'c x=1': [3, 3] };
    const [{ point } = assert.fail()] = furtherTestsOf(findingsFrom(values, 'x=1')).several;
    assert.equal(point, 'x=1');
  });
});
