import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Columns } from '../../../src/extension/messages/columns.ts';
import {
  coarsened,
  columnOf,
  merged,
  positionOf,
  positions,
  smoothed,
  stepAt,
} from '../../../webview/charts/columns.ts';

const list = (...values: number[]) => Float64Array.from(values);

/** Steps with these losses, one a column, from the given one on; NaN is not finite. */
function columnsOf(losses: readonly number[], from = 1): Columns {
  const steps = Float64Array.from(losses, (_, i) => from + i);
  const values = Float64Array.from(losses);
  return {
    bucket: 1,
    lastStep: from + losses.length - 1,
    first: steps,
    last: steps,
    examples: steps.map((step) => 32 * step),
    elapsed: steps.map((step) => 500 * step),
    perEpoch: 64,
    series: {
      loss: {
        min: values,
        max: values,
        mean: values,
        known: values.map(() => 1),
        nonFinite: values.map((value) => Number(Number.isNaN(value))),
      },
    },
  };
}

test('added columns replace those from their first step on', () => {
  const all = merged(columnsOf([1, 2, 3]), columnsOf([30, 4], 3));
  assert.deepEqual([...all.last], [1, 2, 3, 4]);
  assert.deepEqual([...all.series.loss!.mean], [1, 2, 30, 4]);
  assert.equal(all.lastStep, 4);
  const whole = merged(all, columnsOf([9, 9]));
  assert.deepEqual([...whole.last], [1, 2]);
  assert.deepEqual([...merged(all, columnsOf([])).last], [1, 2, 3, 4]);
});

test('neighbours merge into ranges that lose neither a spike nor what is not finite', () => {
  const { bucket, first, last, series } = coarsened(columnsOf([1, 2, Number.NaN, 50, 3]), 3);
  assert.equal(bucket, 2);
  assert.deepEqual([...first], [1, 3, 5]);
  assert.deepEqual([...last], [2, 4, 5]);
  const { min, max, mean, known, nonFinite } = series.loss!;
  assert.deepEqual([...min], [1, 50, 3]);
  assert.deepEqual([...max], [2, 50, 3]);
  assert.deepEqual([...mean], [1.5, 50, 3]);
  assert.deepEqual([...known], [2, 2, 1]);
  assert.deepEqual([...nonFinite], [0, 1, 0]);
});

test('steps, examples and time are places of the same steps, there and back', () => {
  const columns = columnsOf([1, 1, 1, 1]);
  assert.deepEqual([...positions(columns, 'examples')], [32, 64, 96, 128]);
  assert.deepEqual([...positions(columns, 'epoch')], [0.5, 1, 1.5, 2]);
  const unknown = { ...columns, perEpoch: null };
  assert.deepEqual([...positions(unknown, 'epoch')], [1, 2, 3, 4], 'steps where it is not known');
  assert.deepEqual([...positions(columns, 'time')], [0.5, 1, 1.5, 2], 'seconds');
  for (const unit of ['step', 'epoch', 'examples', 'time'] as const) {
    for (const step of [0, 1, 2.5, 4]) {
      assert.equal(stepAt(positionOf(step, columns, unit), columns, unit), step);
    }
  }
});

test('the column of a step', () => {
  const columns = coarsened(columnsOf([1, 2, 3, 4, 5]), 3);
  assert.deepEqual(
    [1, 2, 3, 5, 9].map((step) => columnOf(step, columns)),
    [0, 0, 1, 2, 2],
  );
});

test('a moving average is debiased, and passes over what is not finite', () => {
  const constant = smoothed(list(3, 3, Number.NaN, 3), 0.9);
  for (const i of [0, 1, 3]) assert.ok(Math.abs(constant[i]! - 3) < 1e-12);
  assert.ok(Number.isNaN(constant[2]));
  const [first, second] = smoothed(list(1, 0), 0.5);
  assert.deepEqual([first, second], [1, 0.25 / 0.75]);
});
