import assert from 'node:assert/strict';
import { test } from 'node:test';
import { curveShape, curveShapesOf } from '../../../src/experiment/curveShapes.ts';
import { curveTable } from '../../../src/experiment/report/curveTable.ts';

/** Rises by 0.01 a validation, from validation 0 to `until`. */
const rising = (length: number, until: number, from = 0) =>
  Array.from({ length }, (_, i) => from + 0.01 * Math.min(i, until));

test('the end of curves that still rise, and of those that do not', () => {
  const still = curveShape([rising(24, 24), rising(24, 24, 0.5)]).end!;
  assert.ok(Math.abs(still.slope - 0.01) < 1e-12);
  assert.equal(still.flat, 0);
  // Ten values 0.01 apart have a variance of 0.01²·(10² − 1)/12·10/9; means of the runs are 0.5 apart.
  assert.ok(Math.abs(still.within - 0.01 * Math.sqrt((99 / 12) * (10 / 9))) < 1e-12);
  assert.ok(Math.abs(still.between! - 0.5 / Math.SQRT2) < 1e-12);
  const settled = curveShape([rising(24, 9), rising(26, 9, 0.5)]);
  assert.deepEqual([settled.validations, settled.end!.slope, settled.end!.flat], [24, 0, 2]);
  assert.equal(settled.autocorrelation.length, 6);
});

test('short curves: no end under ten validations, and under twenty none is called flat', () => {
  assert.equal(curveShape([rising(9, 9)]).end, null);
  const { end } = curveShape([rising(19, 9)]);
  assert.deepEqual([end!.flat, end!.between, end!.slopeInterval], [null, null, null]);
});

test('of finished runs alone; in the table, the change with its interval', () => {
  const run = (name: string, status: 'finished' | 'stopped') => ({
    ...{ run: name, method: 'grain', seed: name, status, reason: null },
    ...{ counts: true, failed: false, value: 1 },
  });
  const runs = [run('a', 'finished'), run('b', 'finished'), run('c', 'stopped')];
  const methods = [{ method: 'grain', figures: null, failures: null }];
  const slopes = { a: 0.01, b: 0.02, c: 9 };
  const curves = Object.entries(slopes).map(([name, slope]) => ({
    ...{ run: name, method: 'grain' },
    points: Array.from({ length: 20 }, (_, step) => ({ step, value: slope * step })),
  }));
  const curveShapes = curveShapesOf(curves, { methods, runs });
  const findings = { metric: 'accuracy' } as Parameters<typeof curveTable>[0]['findings'];
  // t of one degree of freedom: 0.015 ± 12.7·0.005.
  assert.deepEqual(curveTable({ curveShapes, findings }).rows, [
    ['grain', '2', '20', '0.015 [−0.049, 0.079]', '0 of 2', '0.048', '0.1', '1'],
  ]);
});
