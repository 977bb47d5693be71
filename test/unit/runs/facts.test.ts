import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { StepEvent } from '../../../src/runs/events.ts';
import { diagnosticsOf, factsOf, meanLoss } from '../../../src/runs/facts.ts';
import { runSeries, valuesOf } from '../../../src/runs/index/series.ts';

/** Two orthogonal gradients, of groups with as many examples; one has three times as many tokens. */
const step: StepEvent = {
  kind: 'step',
  at: 0,
  step: 1,
  learningRate: 0.1,
  groups: [0, 1],
  sizes: [4, 4],
  counts: [30, 10],
  losses: [1, 3],
  gram: [1, 0, 1],
  weights: [0.5, 0.5],
  ms: { gradients: 1, aggregate: 1, update: 1 },
};

test('the mean weighs groups by what they count for, and examples stay examples', () => {
  assert.equal(meanLoss(step), 1.5);
  assert.equal(meanLoss({ ...step, counts: step.sizes }), 2);
  const manifest = {
    groups: { by: 'microbatch', names: ['a', 'b'] },
    aggregation: { metric: 'euclidean', aggregator: 'mean' },
  } as unknown as Parameters<typeof valuesOf>[2];
  const values = valuesOf(step, diagnosticsOf(step), manifest);
  const value = (name: (typeof runSeries)[number]) => values[runSeries.indexOf(name)];
  assert.equal(value('examples'), 8);
  assert.equal(value('loss'), 1.5);
  assert.ok(Math.abs(value('meanNorm')! - Math.hypot(0.75, 0.25)) < 1e-15);
  assert.throws(() => factsOf({ ...step, counts: [1] }), /1 sizes and 2 weights for 2 groups/);
});
