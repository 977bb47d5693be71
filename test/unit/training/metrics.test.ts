import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import * as tf from '@tensorflow/tfjs-core';
import { openDevice } from '../../../src/training/devices/device.ts';
import { lossOf, type Task } from '../../../src/training/loss.ts';
import { measure, predictedClasses } from '../../../src/training/metrics.ts';

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

for (const task of ['classification', 'regression'] as Task[]) {
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
