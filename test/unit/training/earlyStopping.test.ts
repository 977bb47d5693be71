import assert from 'node:assert/strict';
import { test } from 'node:test';
import { StagnationWatch } from '../../../src/training/earlyStopping.ts';

/** The index of the value after which a run would end; null if it goes on to the last. */
function endOf(
  values: readonly number[],
  settings: ConstructorParameters<typeof StagnationWatch>[0],
  ranking = 'accuracy',
): number | null {
  const watch = new StagnationWatch(settings, ranking);
  for (const [i, value] of values.entries()) {
    watch.add({ [settings.metric ?? ranking]: value });
    if (watch.reason !== null) return i;
  }
  return null;
}

test('a run ends after as many validations without an improvement as it has patience', () => {
  const settings = { patience: 2, minDelta: 0 };
  assert.equal(endOf([0.5, 0.6, 0.6, 0.55, 0.9], settings), 3);
  assert.equal(endOf([0.5, 0.6, 0.6, 0.7, 0.6, 0.8], settings), null);
  assert.equal(endOf([0.5, 0.55, 0.6, 0.65], { patience: 2, minDelta: 0.08 }), null);
  assert.equal(endOf([0.5, 0.51, 0.52, 0.53], { patience: 2, minDelta: 0.08 }), 2);
});

test('of a loss, less is better; what is not finite is no improvement', () => {
  const settings = { metric: 'loss', patience: 2, minDelta: 0 } as const;
  assert.equal(endOf([1, 0.5, 0.4, 0.3], settings), null);
  assert.equal(endOf([0.3, 0.4, 0.5], settings), 2);
  assert.equal(endOf([Number.NaN, Number.NaN, 0.1], settings), 1);
});

test('the reason names the metric and its best value', () => {
  const watch = new StagnationWatch({ patience: 1, minDelta: 0 }, 'rmse');
  watch.add({ rmse: 0.25 });
  assert.equal(watch.reason, null);
  watch.add({ rmse: 0.5 });
  assert.match(watch.reason ?? '', /in 1 validation rmse has not improved on its best, 0\.25$/);
});
