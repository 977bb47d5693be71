/** Runs and seeds that the panels are sent, and the messages that send them. */
import { soupTable } from '../../../src/experiment/report/soupTable.ts';
import type { SeedVarianceShow } from '../../../src/extension/messages/seedVariance.ts';
import { type RunFixture, runFixture, seedFixture } from '../../webview/fixtures.ts';

export const grain = runFixture({ aggregator: 'grain', seed: 3, groups: 8, steps: 240 });
export const long = runFixture({
  aggregator: 'grain',
  seed: 3,
  groups: 8,
  steps: 240,
  length: 5000,
});
/** Groups that are made anew in each step. */
export const fleeting = runFixture({
  aggregator: 'grain',
  seed: 3,
  groups: 8,
  steps: 240,
  lasting: false,
});
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
      message: 'The loss has jumped to 4.1; in the last 20 steps it was at most 1.2.',
      clearedAt: 72,
    },
    {
      rule: 'stalled-direction',
      step: 180,
      message:
        'Training stands still: the direction has 0.002 of the mean gradient’s length, as source 3 decides it with a weight of 1. Aggregate with grain-normalized, upgrad or mean.',
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

export const wide = runFixture({
  aggregator: 'grain',
  seed: 3,
  groups: 16,
  steps: 120,
  length: 1600,
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

/** The newest of the first `count` steps, as many as tables show. */
function latestOf({ points }: RunFixture, count: number) {
  return points.slice(Math.max(0, count - 25), count);
}

export async function weightsShow(fixture: RunFixture, count = fixture.points.length) {
  const { runAt, choices, groups, columnsAt, sortedAt, blocksAt } = fixture;
  return {
    type: 'show',
    run: runAt(count),
    choices,
    groups,
    steps: await columnsAt(count),
    sorted: await sortedAt(count),
    latest: latestOf(fixture, count),
    blocks: blocksAt(count - 1),
  };
}

/** What a page with the first `since` steps is sent when there are `count`. */
export async function weightsAppend(fixture: RunFixture, since: number, count: number) {
  return {
    type: 'append',
    run: fixture.run,
    steps: await fixture.columnsAt(count, since),
    sorted: await fixture.sortedAt(count),
    latest: latestOf(fixture, count),
    blocks: fixture.blocksAt(count - 1),
  };
}

export async function conflictShow(fixture: RunFixture, count = fixture.points.length) {
  const { runAt, choices, columnsAt, matrixAt } = fixture;
  return {
    type: 'show',
    run: runAt(count),
    choices,
    steps: await columnsAt(count),
    latest: latestOf(fixture, count),
    now: matrixAt(count - 1),
  };
}

export async function conflictAppend(fixture: RunFixture, since: number, count: number) {
  return {
    type: 'append',
    run: fixture.run,
    steps: await fixture.columnsAt(count, since),
    latest: latestOf(fixture, count),
    now: fixture.matrixAt(count - 1),
  };
}

export async function metricsShow(fixture: RunFixture, count = fixture.points.length) {
  const { runAt, choices, groups, columnsAt, validation } = fixture;
  return {
    type: 'show',
    run: runAt(count),
    choices,
    groups,
    metric: 'distance',
    steps: await columnsAt(count),
    latest: latestOf(fixture, count),
    validation: validation.filter(({ step }) => step <= count),
  };
}

export async function metricsAppend(fixture: RunFixture, since: number, count: number) {
  return {
    type: 'append',
    run: fixture.run,
    steps: await fixture.columnsAt(count, since),
    latest: latestOf(fixture, count),
    validation: fixture.validation.filter(({ step }) => step > since && step <= count),
  };
}

/** An experiment with crossed seeds, predictions, and a failed run. */
export function crossedShow(): SeedVarianceShow {
  const show = seedFixture('loss', [0, 1, 2, 3, 4]);
  const { verdict } = show;
  const seeds = ['0', '1', '2', '3', '4'];
  const share = (i: number, j: number) => (i === j ? 0 : 0.05 + 0.01 * ((i * j) % 7));
  return {
    ...show,
    soups: soupTable([
      {
        ...{ method: 'grain', init: 0, runs: ['a', 'b', 'c'], metric: 'loss' },
        seeds: { mean: 23.11, std: 0.02, best: 23.09 },
        ...{ weights: { soup: 23.05, stock: 23.2 }, ensemble: null },
      },
    ]),
    agreements: [
      {
        ...{ aggregator: 'grain', runs: 5, examples: 408, churn: 0.08, unanimous: 0.85, seeds },
        matrix: seeds.map((_, i) => seeds.map((_, j) => share(i, j))),
        disputed: [{ index: 17, target: 'cat', answers: [{ answer: 'cat', runs: 3 }] }],
      },
    ],
    verdict: {
      ...verdict,
      results: verdict.results.map((result) =>
        result.seed === '1' && result.aggregator === 'mean' ? { ...result, failed: true } : result,
      ),
      crossed: ['grain', 'mean'].map((method) => ({
        ...{ method, rowTitle: 'initialization', columnTitle: 'order of the examples' },
        ...{ rows: ['0', '1', '2'], columns: ['0', '1', '2'] },
        values: [0.2, 0.4, 0.3].map((level) => [0, 1, 2].map((j) => level + 0.01 * j)),
      })),
    },
  };
}
