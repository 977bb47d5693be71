import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CostTally, costRatio, meanRunFor } from '../../../src/runs/cost.ts';
import type { StepEvent } from '../../../src/runs/events.ts';
import type { RunManifest } from '../../../src/runs/manifest.ts';
import { conflictingStep, summary } from '../extension/fixtures.ts';

function costOf(...steps: readonly Partial<StepEvent>[]) {
  const tally = new CostTally();
  for (const [i, changes] of steps.entries()) tally.add(conflictingStep(i + 1, changes));
  return tally.cost;
}

const timed = (gradients: number, aggregate: number, update: number) => ({
  ms: { gradients, aggregate, update },
});

test('medians of the times, peaks of the memory', () => {
  const cost = costOf(
    { ...timed(900, 50, 50), memory: { resident: 30, tensors: 7 } },
    { ...timed(70, 20, 10), memory: { resident: 20, tensors: 9 } },
    { ...timed(80, 8, 12), memory: { resident: 25, tensors: 8 } },
  );
  assert.deepEqual(cost, {
    steps: 3,
    stepTime: 100,
    aggregationShare: 0.08,
    tensors: 9,
    resident: 30,
  });
});

test('what was not logged is not known', () => {
  assert.equal(costOf(), null);
  assert.deepEqual(costOf(timed(1, 1, 2)), {
    steps: 1,
    stepTime: 4,
    aggregationShare: 0.25,
    tensors: null,
    resident: null,
  });
  assert.equal(costOf({ ...timed(1, 1, 2), memory: { resident: 5 } })!.tensors, null);
  // A step of another trainer, with times of its own.
  assert.equal(costOf({ ms: { forward: 3 } as unknown as StepEvent['ms'] }), null);
});

test('relative to another run: times and tensors, not the memory of the process', () => {
  const memory = { resident: 100, tensors: 10 };
  const mean = costOf({ ...timed(90, 2, 8), memory })!;
  const grain = costOf({ ...timed(90, 7, 8), memory: { resident: 900, tensors: 12 } })!;
  assert.deepEqual(costRatio(grain, mean), { time: 1.05, tensors: 1.2 });
  assert.deepEqual(costRatio(grain, costOf(timed(100, 5, 5))!), { time: 105 / 110, tensors: null });
});

test('the run on the mean is the one of the same launch and seed', () => {
  const of = (aggregator: string, seed: number, experiment = 'e1') =>
    summary({ aggregator, seed, experiment });
  const usual: RunManifest['aggregation'] & object = {
    name: 'mean',
    parameters: {},
    metric: 'euclidean',
    smoothing: 0,
    zeroGroups: 'drop',
    guard: null,
  };
  const grain = of('grain', 1);
  const mean = of('mean', 1);
  const smoothed = summary({
    aggregator: 'mean smoothing=0.5',
    aggregation: { ...usual, smoothing: 0.5 },
    seed: 1,
  });
  const guarded = summary({
    aggregator: 'mean guard',
    aggregation: { ...usual, guard: 0 },
    seed: 1,
  });
  const others = [grain, smoothed, guarded, of('mean', 0), of('mean', 1, 'e2')];
  assert.equal(meanRunFor(grain, others), undefined);
  assert.equal(meanRunFor(grain, [...others, mean]), mean);
  assert.equal(meanRunFor(mean, [...others, mean]), undefined);
});
