/** Runs and seeds that the panels are sent, and the messages that send them. */
import { type RunFixture, runFixture, seedFixture } from '../../webview/fixtures.ts';

export const grain = runFixture({ aggregator: 'grain', seed: 3, groups: 8, steps: 240 });
export const mean = runFixture({ aggregator: 'mean', seed: 3, groups: 8, steps: 240 });
export const updated = runFixture({
  aggregator: 'grain',
  seed: 3,
  groups: 16,
  steps: 240,
  noise: 0.3,
  momentum: 0.5,
  besideMean: true,
});
export const alarmed = runFixture({
  aggregator: 'grain',
  seed: 3,
  groups: 8,
  steps: 240,
  alarms: [
    {
      rule: 'loss-spike',
      step: 60,
      message: 'The loss has jumped to 4.1; in the 20 steps before it was at most 1.2.',
      clearedAt: 72,
    },
    {
      rule: 'stalled-direction',
      step: 180,
      message:
        'Training stands still: the direction has 0.002 of the mean gradient’s length, as micro-batch 3 decides it with a weight of 1. Aggregate with grain-normalized, upgrad or mean.',
      clearedAt: null,
    },
  ],
});
export const halted = runFixture({ aggregator: 'grain', seed: 3, groups: 8, steps: 240, noise: 0 });
export const smoothed = runFixture({
  aggregator: 'grain',
  seed: 3,
  groups: 8,
  steps: 240,
  smoothing: 0.9,
});
export const preconditioned = runFixture({
  aggregator: 'grain',
  seed: 3,
  groups: 8,
  steps: 240,
  metric: 'preconditioned',
});
export const layerwise = runFixture({
  aggregator: 'grain-layerwise',
  seed: 3,
  groups: 8,
  steps: 120,
});
export const streaming = runFixture({
  aggregator: 'grain-streaming',
  seed: 3,
  groups: 8,
  steps: 120,
});
export const pcgrad = runFixture({
  aggregator: 'pcgrad',
  seed: 3,
  groups: 8,
  steps: 240,
  noise: 0.1,
});
export const cagrad = runFixture({
  aggregator: 'cagrad',
  parameters: { c: 0.8 },
  seed: 3,
  groups: 8,
  steps: 240,
});
export const imtl = runFixture({ aggregator: 'imtl-g', seed: 3, groups: 8, steps: 48, noise: 2 });
export const graddrop = runFixture({ aggregator: 'graddrop', seed: 3, groups: 8, steps: 120 });
/** A trainer that claims grain and uses the mean. */
export const broken = runFixture({
  aggregator: 'mean',
  claims: 'grain',
  seed: 3,
  groups: 8,
  steps: 240,
});
export const sixteen = runFixture({
  aggregator: 'grain',
  seed: 3,
  groups: 16,
  steps: 120,
  lastIsRare: true,
});

export const ownCost = { gradients: 90, aggregate: 4, tensors: 82 * 2 ** 20 };
export const meanCost = { gradients: 90, aggregate: 1, tensors: 80.4 * 2 ** 20 };

/** Steps up to and including the last that violated the guarantee. */
export const brokenAt =
  broken.points.findLastIndex(({ guarantee }) => guarantee === 'violated') + 1;

/** Eight aggregators as they come and seven with settings, three seeds each. */
export const fifteen = seedFixture(
  'loss',
  [0, 1, 2],
  [2],
  [
    { aggregator: 'grain' },
    { aggregator: 'mean' },
    { aggregator: 'grain', metric: 'preconditioned' },
    { aggregator: 'grain', smoothing: 0.9 },
    { aggregator: 'grain-layerwise' },
    { aggregator: 'grain-streaming' },
    { aggregator: 'cagrad' },
    { aggregator: 'cagrad', parameters: { c: 0.2 } },
    { aggregator: 'cagrad', parameters: { c: 0.8 } },
    { aggregator: 'pcgrad' },
    { aggregator: 'upgrad' },
    { aggregator: 'imtl-g' },
    { aggregator: 'graddrop', parameters: { leak: 0.3 } },
    { aggregator: 'mean-norm-matched' },
    { aggregator: 'gradvac' },
  ],
);

export function weightsShow(
  { runAt, choices, groupNames, points, blocksAt }: RunFixture,
  count = points.length,
) {
  const blocks = blocksAt(count - 1);
  return {
    type: 'show',
    run: runAt(count),
    choices,
    groupNames,
    points: points.slice(0, count),
    blocks,
  };
}

export function conflictShow(
  { runAt, choices, points, matrixAt }: RunFixture,
  count = points.length,
) {
  return {
    type: 'show',
    run: runAt(count),
    choices,
    points: points.slice(0, count),
    now: matrixAt(count - 1),
  };
}

export function metricsShow(
  { runAt, choices, groupNames, points, validation }: RunFixture,
  count = points.length,
) {
  return {
    type: 'show',
    run: runAt(count),
    choices,
    groupNames,
    metric: 'distance',
    points: points.slice(0, count),
    validation: validation.filter(({ step }) => step <= count),
  };
}
