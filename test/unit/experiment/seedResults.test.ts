import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { constantPredictor } from '../../../src/experiment/constantPredictor.ts';
import { seedResults } from '../../../src/experiment/seedResults.ts';
import { validationError } from '../../../src/experiment/validationError.ts';
import type { Prediction } from '../../../src/runs/predictions.ts';
import type { RunSummary } from '../../../src/runs/store.ts';
import { measure } from '../../../src/training/objective/metrics.ts';
import { summary } from '../extension/fixtures.ts';

/** Predictions of classes, in the order of the classes' names. */
function classPredictions(targets: readonly string[], predicted = targets): Prediction[] {
  const classes = [...new Set(targets)].sort();
  const probabilities = Object.fromEntries(classes.map((name) => [name, 1 / classes.length]));
  return targets.map((target, index) => ({
    index,
    target,
    prediction: predicted[index]!,
    probabilities,
  }));
}

const values = (targets: readonly number[], predicted = targets): Prediction[] =>
  targets.map((target, index) => ({ index, target, prediction: predicted[index]! }));

describe('what a constant prediction reaches is what its metrics are', () => {
  const targets = ['a', 'b', 'b', 'b', 'c', 'b', 'a'];

  test('several classes: accuracy, macro F1, Matthews', () => {
    const always = {
      values: Float32Array.from({ length: 21 }, (_, i) => (i % 3 === 1 ? 1 : 0)),
      width: 3,
    };
    const measured = measure(
      'classification',
      always,
      targets.map((name) => 'abc'.indexOf(name)),
    );
    const predictions = classPredictions(targets);
    for (const metric of ['accuracy', 'macroF1', 'mcc']) {
      const constant = constantPredictor(metric, predictions)!;
      assert.ok(Math.abs(constant - measured[metric]!) < 1e-12, metric);
    }
  });

  test('F1 is that of the second class: of its share if it is the majority, else 0', () => {
    assert.equal(constantPredictor('f1', classPredictions(['no', 'yes', 'yes', 'yes'])), 6 / 7);
    assert.equal(constantPredictor('f1', classPredictions(['no', 'no', 'yes'])), 0);
  });

  test('a regression', () => {
    const wanted = [1, 2, 6];
    const at = (constant: number) =>
      measure(
        'regression',
        { values: Float32Array.of(constant, constant, constant), width: 1 },
        wanted,
      );
    assert.ok(Math.abs(constantPredictor('rmse', values(wanted))! - at(3).rmse!) < 1e-12);
    assert.ok(Math.abs(constantPredictor('mae', values(wanted))! - at(2).mae!) < 1e-12);
    assert.equal(constantPredictor('spearman', null), 0);
  });

  test('unknown without targets, for losses and for metrics of other trainers', () => {
    assert.equal(constantPredictor('accuracy', null), null);
    assert.equal(constantPredictor('accuracy', values([1, 2])), null);
    assert.equal(constantPredictor('rmse', classPredictions(['a'])), null);
    for (const metric of ['loss', 'perplexity', 'bleu']) {
      assert.equal(constantPredictor(metric, classPredictions(targets)), null);
    }
  });
});

describe('what counts', () => {
  const baseline = (metric: string) => (metric === 'accuracy' ? 0.5 : null);
  const of = (
    run: RunSummary,
    metrics: Record<string, number | null> = { accuracy: 0.9, loss: 0.3 },
    metric = 'accuracy',
  ) =>
    seedResults(
      [
        {
          run,
          validations: [
            { step: 0, metrics: { accuracy: 0.1 } },
            { step: 9, metrics },
          ],
        },
      ],
      metric,
      baseline,
    )[0]!;

  test('the last validation of a finished run; one no better than the constant prediction has failed', () => {
    const good = of(summary());
    assert.deepEqual([good.value, good.counts, good.failed, good.reason], [0.9, true, false, null]);
    for (const accuracy of [0.5, 0.2, 0.1 + 0.4]) {
      const bad = of(summary(), { accuracy, loss: 0.3 });
      assert.deepEqual([bad.value, bad.counts, bad.failed], [accuracy, true, true]);
      // By the metric that ranks, whichever is looked at.
      const loss = of(summary(), { accuracy, loss: 0.3 }, 'loss');
      assert.deepEqual([loss.value, loss.failed], [0.3, true]);
    }
    const nan = of(summary(), { accuracy: null, loss: null });
    assert.deepEqual(
      [nan.value, nan.failed, nan.reason],
      [0.5, true, 'its accuracy is not a number'],
    );
    assert.equal(of(summary(), { accuracy: null, loss: null }, 'loss').value, null);
  });

  test('a run that diverged counts, with the value of the constant prediction', () => {
    const failure = { code: 'nonFiniteLoss', message: 'The loss is NaN.' } as const;
    const diverged = of(summary({ status: 'failed', failure }));
    assert.deepEqual(
      [diverged.value, diverged.counts, diverged.failed, diverged.reason],
      [0.5, true, true, 'The loss is NaN.'],
    );
    const alarm = {
      rule: 'exploding-loss',
      step: 3,
      message: 'It exploded.',
      figures: {},
      groups: [],
      clearedAt: null,
    };
    const stopped = of({ ...summary({ status: 'stopped' }), alarms: [alarm] });
    assert.deepEqual([stopped.counts, stopped.failed, stopped.value], [true, true, 0.5]);
    assert.match(stopped.reason!, /exploding-loss/);
    const over = of({ ...summary({ status: 'stopped' }), alarms: [{ ...alarm, clearedAt: 5 }] });
    assert.deepEqual([over.counts, over.failed], [false, false]);
    const harmless = of({
      ...summary({ status: 'stopped' }),
      alarms: [{ ...alarm, rule: 'update-conflict' }],
    });
    assert.equal(harmless.counts, false);
  });

  test('a run that logged no result has not failed', () => {
    const [silent] = seedResults([{ run: summary(), validations: [] }], 'accuracy', () => 0.5);
    assert.deepEqual(
      [silent!.counts, silent!.failed, silent!.value, silent!.reason],
      [false, false, null, 'it logged no result'],
    );
  });

  test('what the machine did to a run says nothing about its seed', () => {
    for (const code of ['outOfMemory', 'diskFull', 'deviceLost', 'badCheckpoint'] as const) {
      const left = of(summary({ status: 'failed', failure: { code, message: `It was ${code}.` } }));
      assert.deepEqual([left.counts, left.failed, left.value], [false, false, null]);
      assert.match(left.reason!, new RegExp(code));
    }
    for (const status of ['stopped', 'interrupted', 'running', 'queued'] as const) {
      const left = of(summary({ status, step: 40 }));
      assert.deepEqual([left.counts, left.reason], [false, `${status} at step 40 of 200`]);
    }
  });
});

test('sampling error of metrics that are not shares', () => {
  const n = 300;
  const targets = Array.from({ length: n }, (_, i) => (i % 2 === 0 ? 'a' : 'b'));
  const predicted = targets.map((target, i) =>
    i % 10 < 2 ? (target === 'a' ? 'b' : 'a') : target,
  );
  // Of a balanced problem: 2·accuracy − 1, whose error is twice the binomial one.
  const mcc = validationError('mcc', classPredictions(targets, predicted))!;
  assert.ok(Math.abs(mcc - 2 * Math.sqrt((0.8 * 0.2) / n)) < 0.006, `${mcc}`);
  const wanted = Array.from({ length: n }, (_, i) => Math.sin(i));
  const rmse = validationError(
    'rmse',
    values(
      wanted,
      wanted.map((value, i) => value + (i % 3) - 1),
    ),
  )!;
  // Squares of the errors: 1, 0, 1. Their mean has the error √(2/9 / n), its root half of it over the root.
  assert.ok(Math.abs(rmse - Math.sqrt(2 / 9 / n) / 2 / Math.sqrt(2 / 3)) < 0.003, `${rmse}`);
  assert.equal(validationError('loss', values(wanted)), null);
  assert.equal(validationError('bleu', values(wanted)), null);
});
