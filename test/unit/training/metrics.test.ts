import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, test } from 'node:test';
import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { openDevice } from '../../../src/backends/device.ts';
import { lossOf, type SupervisedTask } from '../../../src/nn/module/loss.ts';
import {
  measure,
  measureGeneration,
  predictedClasses,
} from '../../../src/training/objective/metrics.ts';
import { python } from '../../python/python.ts';

const closeTo = (actual: number | undefined, expected: number, tolerance = 1e-12) =>
  assert.ok(Math.abs(actual! - expected) <= tolerance, `${actual} is not ${expected}`);

/** Logits whose largest entry is at the given classes. */
const logitsOf = (classes: readonly number[], width: number) =>
  Float32Array.from(
    classes.flatMap((c) => Array.from({ length: width }, (_, j) => (j === c ? 2 : 0))),
  );

describe('classification metrics', () => {
  // Right, actual, predicted per class: 0: 2 2 3, 1: 1 2 2, 2: 0 1 0, 3: nowhere.
  const targets = [0, 0, 1, 1, 2];
  const outputs = { values: logitsOf([0, 0, 1, 0, 1], 4), width: 4 };

  test('accuracy and macro F1 over the classes that occur', () => {
    const { accuracy, macroF1 } = measure('classification', outputs, targets);
    assert.deepEqual([...predictedClasses(outputs)], [0, 0, 1, 0, 1]);
    closeTo(accuracy, 3 / 5);
    closeTo(macroF1, (4 / 5 + 2 / 4 + 0) / 3);
  });

  test('Matthews correlation by hand: two classes and more', () => {
    // Right 3 of 5; actual 2 2 1 0, predicted 3 2 0 0: (5·3 − 10) / √((25 − 9)(25 − 13)).
    closeTo(measure('classification', outputs, targets).mcc, 5 / Math.sqrt(16 * 12));
    // TP 2, TN 1, FP 1, FN 2: (2·1 − 1·2) / …
    const two = { values: logitsOf([1, 1, 0, 1, 0, 0], 2), width: 2 };
    const { mcc, f1 } = measure('classification', two, [1, 1, 0, 0, 1, 1]);
    closeTo(mcc, 0);
    closeTo(f1, 4 / 7);
  });

  test('F1 is that of the second of two classes; absent for more classes', () => {
    const two = { values: logitsOf([0, 1, 1, 0], 2), width: 2 };
    closeTo(measure('classification', two, [0, 0, 1, 1]).f1, 1 / 2);
    closeTo(measure('classification', two, [0, 1, 1, 0]).f1, 1);
    assert.equal(measure('classification', outputs, targets).f1, undefined);
    const never = { values: logitsOf([0, 0], 2), width: 2 };
    assert.deepEqual(
      [measure('classification', never, [0, 0]).f1, measure('classification', never, [0, 1]).f1],
      [0, 0],
    );
  });

  test('constant predictions have a Matthews correlation of 0', () => {
    const always = { values: logitsOf([0, 0, 0], 2), width: 2 };
    assert.equal(measure('classification', always, [0, 1, 0]).mcc, 0);
    assert.equal(measure('classification', always, [0, 0, 0]).mcc, 0);
  });

  test('huge logits do not overflow the loss', () => {
    const { loss } = measure('classification', { values: Float32Array.of(1e4, 0), width: 2 }, [1]);
    closeTo(loss, 1e4);
  });

  test('an example with a NaN output counts as wrong', () => {
    const values = Float32Array.of(Number.NaN, Number.NaN, 0, 1);
    assert.deepEqual([...predictedClasses({ values, width: 2 })], [-1, 1]);
    closeTo(measure('classification', { values, width: 2 }, [0, 1]).accuracy, 0.5);
  });
});

describe('regression metrics', () => {
  test('rmse, mae and Pearson r', () => {
    const values = Float32Array.of(1, 2, 3, 5);
    const targets = [1, 1, 5, 5];
    const { loss, rmse, mae, pearson } = measure('regression', { values, width: 1 }, targets);
    closeTo(loss, 5 / 4);
    closeTo(rmse, Math.sqrt(5 / 4));
    closeTo(mae, 3 / 4);
    closeTo(pearson, 10 / Math.sqrt(8.75 * 16));
  });
});

describe('rank correlation', () => {
  const spearman = (values: number[], targets: number[]) =>
    measure('regression', { values: Float32Array.from(values), width: 1 }, targets).spearman;

  test('by hand: 1 − 6 Σ d² / (n (n² − 1)) without ties; with ties, the correlation of mean ranks', () => {
    closeTo(spearman([1, 20, 3, 400], [1, 2, 3, 4]), 1 - (6 * 2) / (4 * 15));
    // Ranks 1 2.5 2.5 4 and 1 2 3 4.
    closeTo(spearman([1, 2, 2, 3], [1, 2, 3, 4]), 4.5 / Math.sqrt(4.5 * 5));
  });

  test('NaN for one example, a constant side, or a NaN output', () => {
    for (const [values, targets] of [
      [[1], [1]],
      [
        [1, 1],
        [1, 2],
      ],
      [
        [1, Number.NaN, 3],
        [1, 2, 3],
      ],
    ] as const) {
      assert.ok(Number.isNaN(spearman([...values], [...targets])));
    }
  });
});

test('scikit-learn and scipy say the same, to 1e-12', async () => {
  const length = { minLength: 4, maxLength: 40 };
  // The last two are another class each, so that there is something to correlate.
  const classes = (width: number) =>
    fc
      .array(fc.tuple(fc.nat(width - 1), fc.nat(width - 1)), length)
      .map((pairs) => [...pairs, [0, 1], [1, 1]] as [number, number][]);
  // Few values, so that many are tied.
  const values = fc
    .array(fc.tuple(fc.integer({ min: -4, max: 4 }), fc.integer({ min: -4, max: 4 })), length)
    .map((pairs) => [...pairs, [0, 5], [5, 6]] as [number, number][])
    .map((pairs) => pairs.map(([a, b]) => [a / 2, b / 2] as const));
  const drawn = [
    ...fc.sample(classes(2), { numRuns: 20 }).map((pairs) => ({ width: 2, pairs })),
    ...fc.sample(classes(5), { numRuns: 20 }).map((pairs) => ({ width: 5, pairs })),
    ...fc.sample(values, { numRuns: 20 }).map((pairs) => ({ width: 1, pairs })),
  ];
  const cases = drawn.map(({ width, pairs }) => ({
    task: width === 1 ? ('regression' as const) : ('classification' as const),
    width,
    targets: pairs.map(([target]) => target),
    predictions: pairs.map(([, prediction]) => prediction),
  }));
  const folder = mkdtempSync(path.join(tmpdir(), 'grain-metrics-'));
  const file = path.join(folder, 'cases.json');
  writeFileSync(file, JSON.stringify(cases));
  const expected: Record<string, number>[] = JSON.parse(await python('metrics_peer.py', [file]));
  rmSync(folder, { recursive: true });
  assert.equal(expected.length, cases.length);
  for (const [i, { task, width, targets, predictions }] of cases.entries()) {
    const outputs = width === 1 ? Float32Array.from(predictions) : logitsOf(predictions, width);
    const metrics = measure(task, { values: outputs, width }, targets);
    for (const [name, value] of Object.entries(expected[i]!)) closeTo(metrics[name], value);
  }
});

describe('generation metrics', () => {
  const measured = (generated: string[], references: string[], mark?: string) =>
    measureGeneration(1, { generated, references, marker: mark }).exactMatch;

  test('perplexity is exp of the loss; no exact match if nothing was generated', () => {
    assert.deepEqual(measureGeneration(2, null), { loss: 2, perplexity: Math.exp(2) });
  });

  test('what follows the first mark on its line, trimmed and without commas between thousands', () => {
    const reference = 'Half of 24,690 is\n#### 12,345';
    for (const right of ['#### 12345', 'So\n#### 12,345 \nQ: next\n#### 7', '####12345']) {
      assert.equal(measured([right], [reference], '####'), 1, right);
    }
    for (const wrong of [
      '12345',
      '#### 12345.0',
      '#### 1,2345',
      '####\n12345',
      '#### 12345 eggs',
    ]) {
      assert.equal(measured([wrong], [reference], '####'), 0, wrong);
    }
    assert.equal(measured(['#### 1,234,567', '#### 1'], ['#### 1234567', '#### 2'], '####'), 1 / 2);
    assert.equal(measured(['#### (1,2)'], ['#### (1, 2)'], '####'), 0);
  });

  test('without a mark, the whole text', () => {
    assert.equal(measured([' two\nlines ', 'two'], ['two\nlines', 'Two']), 1 / 2);
  });
});

for (const task of ['classification', 'regression'] as SupervisedTask[]) {
  test(`the ${task} loss trained on is the loss reported`, async () => {
    await openDevice('cpu');
    const width = task === 'classification' ? 3 : 1;
    const outputs = tf.randomNormal<tf.Rank.R2>([7, width], 0, 3, 'float32', 5);
    const targets =
      task === 'classification'
        ? tf.tensor1d([0, 1, 2, 2, 1, 0, 1], 'int32')
        : tf.tensor1d([0.5, -1, 2, 0, 3, -2, 1]);
    const values = outputs.dataSync<'float32'>();
    const reported = measure(task, { values, width }, targets.dataSync()).loss;
    closeTo(reported, lossOf[task](outputs, targets).dataSync()[0]!, 1e-5);
  });
}
