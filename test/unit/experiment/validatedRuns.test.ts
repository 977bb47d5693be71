import assert from 'node:assert/strict';
import { test } from 'node:test';
import { betterOf, metricNames } from '../../../src/experiment/validatedRuns.ts';
import { measure, measureGeneration } from '../../../src/training/objective/metrics.ts';
import { summary } from '../extension/fixtures.ts';

const run = summary();

test('for every metric of a validation it is known whether higher is better', () => {
  const two = { values: Float32Array.of(1, 0, 0, 1), width: 2 };
  const names = [
    measure('classification', two, [0, 1]),
    measure('regression', { values: Float32Array.of(1, 2), width: 1 }, [1, 2]),
    measureGeneration(1, { generated: ['1'], references: ['1'], marker: undefined }),
  ].flatMap(Object.keys);
  const lower = new Set(names.filter((name) => betterOf([run], name) === 'lower'));
  assert.deepEqual([...lower], ['loss', 'rmse', 'mae', 'perplexity']);
  const higher = new Set(names.filter((name) => betterOf([run], name) === 'higher'));
  assert.equal(lower.size + higher.size, new Set(names).size);
});

test("the manifest decides before the metric's name; unknown names decide nothing", () => {
  const metric = { name: 'loss', better: 'higher' } as const;
  assert.equal(betterOf([{ manifest: { ...run.manifest, metric } }], 'loss'), 'higher');
  assert.equal(betterOf([run], 'bleu'), null);
  assert.equal(betterOf([run], 'toString'), null);
});

test('the metric that ranks checkpoints is the first to choose', () => {
  const validations = [{ step: 0, metrics: { loss: 1, accuracy: 0.5, mcc: 0 } }];
  assert.deepEqual(metricNames([{ run, validations }]), ['accuracy', 'loss', 'mcc']);
});
