import assert from 'node:assert/strict';
import { test } from 'node:test';
import { measureEnsemble } from '../../../../src/experiment/soups/ensemble.ts';

const classes = ['ham', 'spam'];
const close = (actual: number | undefined, expected: number) =>
  assert.ok(Math.abs(actual! - expected) < 1e-6, `${actual} instead of ${expected}`);

/** Of a run, from its probabilities of spam. */
const classified = (spam: readonly number[], targets: readonly string[]) =>
  spam.map((p, index) => ({
    index,
    target: targets[index]!,
    prediction: p > 0.5 ? 'spam' : 'ham',
    probabilities: { ham: 1 - p, spam: p },
  }));
const valued = (values: readonly (number | null)[]) =>
  values.map((prediction, index) => ({ index, target: index, prediction }));

test('probabilities are averaged: one sure run outweighs two that waver', () => {
  const targets = ['spam', 'ham', 'spam'];
  const runs = [
    classified([0.9, 0.2, 0.4], targets),
    classified([0.4, 0.1, 0.45], targets),
    classified([0.4, 0.3, 0.35], targets),
  ];
  const metrics = measureEnsemble(runs, classes)!;
  close(metrics.accuracy, 2 / 3);
  const [first, second, third] = [1.7 / 3, 1 - 0.6 / 3, 1.2 / 3];
  close(metrics.loss, -(Math.log(first) + Math.log(second) + Math.log(third)) / 3);
});

test('values are averaged', () => {
  const metrics = measureEnsemble([valued([1, 2, 1]), valued([1, 0, 6])], [])!;
  // Means 1, 1 and 3.5 of 0, 1 and 2.
  close(metrics.rmse, Math.sqrt((1 + 0 + 1.5 ** 2) / 3));
  assert.ok(Number.isNaN(measureEnsemble([valued([1]), valued([null])], [])!.rmse));
});

test('texts, and predictions of other examples, make no ensemble', () => {
  const text = [{ index: 0, target: '7', prediction: '7', correct: true }];
  assert.equal(measureEnsemble([text, text], []), null);
  assert.equal(measureEnsemble([valued([1, 2]), valued([1])], []), null);
  const moved = valued([1, 2]).map((it) => ({ ...it, index: it.index + 1 }));
  assert.equal(measureEnsemble([valued([1, 2]), moved], []), null);
});
