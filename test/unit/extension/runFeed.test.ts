import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RunFeed } from '../../../src/extension/panels/runFeed.ts';
import type { RunEvent } from '../../../src/runs/events.ts';
import type { RunSummary } from '../../../src/runs/store.ts';
import { conflictingStep, log, stored, summary } from './fixtures.ts';

/** A feed on a run with these events, read. */
async function feedOn(run: RunSummary, ...events: RunEvent[]) {
  const of = stored(run);
  log(of, ...events);
  const feed = await RunFeed.open(of);
  await feed.update();
  return { feed, run: of };
}

const three = summary({ groups: ['a', 'b', 'c'] });

test('a step becomes a point: weights by group, conflict, loss over its examples', async () => {
  const { feed } = await feedOn(three, conflictingStep(1));
  const [point] = feed.latest;
  assert.deepEqual(point?.weights, [0.6, 0.4, null]);
  assert.equal(point?.conflictRate, 1);
  assert.equal(point?.loss, 1.25);
  // d = 0.6·(1, 0) + 0.4·(−1, 1) = (0.2, 0.4), the shortest; ḡ = (0.5, 0.25) by sizes 3 and 1.
  assert.ok(Math.abs(point!.normRatio! - Math.sqrt(0.2 / 0.3125)) < 1e-12);
  assert.ok(Math.abs(point!.relativeGap!) < 1e-12);
  assert.equal(point?.guarantee, 'held');
  // ‖(−1, 1)‖ = √2, so cos = −1/√2.
  assert.deepEqual(feed.cosines?.groupNames, ['a', 'b']);
  assert.ok(Math.abs(feed.cosines!.cosines[0]![1]! + Math.SQRT1_2) < 1e-12);
});

test('only what is new is added', async () => {
  const { feed, run } = await feedOn(three, conflictingStep(1));
  const stepsOf = () => feed.latest.map(({ step }) => step);
  assert.deepEqual(stepsOf(), [1]);
  const validation = { kind: 'validation', at: 0, step: 2, metrics: { accuracy: 0.5 } } as const;
  log(run, conflictingStep(2), validation, { ...validation, step: 3, metrics: { accuracy: null } });
  await Promise.all([feed.update(), feed.update()]);
  assert.deepEqual(stepsOf(), [1, 2]);
  assert.deepEqual(feed.validation, [
    { step: 2, value: 0.5 },
    { step: 3, value: null },
  ]);
});

test('of a long log, only the newest steps are held', async () => {
  const steps = Array.from({ length: 1200 }, (_, i) => conflictingStep(i + 1));
  const { feed } = await feedOn(three, ...steps);
  assert.equal(feed.count, 1200);
  assert.deepEqual([feed.latest.length, feed.latest.at(-1)?.step], [25, 1200]);
});

test('columns: the one step that conflicts, among many, and the one that is not finite', async () => {
  const steps = Array.from({ length: 5000 }, (_, i) =>
    conflictingStep(i + 1, {
      ...(i === 3210 && { weights: [0.9, 0.1] }),
      ...(i === 1234 && { losses: [null, 1] }),
    }),
  );
  const { feed } = await feedOn(three, ...steps);
  const all = { from: null, to: null, columns: 300 };
  const { first, last, series, bucket } = await feed.window(all, ['minCosine', 'violated', 'loss']);
  assert.ok(bucket > 10 && first.length <= 300);
  const columnOf = (step: number) => last.findIndex((end) => end >= step);
  const at = columnOf(3211);
  assert.equal(series.violated!.max[at], 1);
  assert.ok(series.minCosine!.min[at]! < 0 && series.minCosine!.mean[at]! > 0);
  assert.equal(series.violated!.max.filter((max) => max > 0).length, 1);
  assert.equal(series.loss!.nonFinite[columnOf(1235)], 1);
});

test('time without pauses, and examples, at each column', async () => {
  const start = (at: number, fromStep: number) =>
    ({ kind: 'start', at, pid: 1, fromStep }) as const;
  const step = (number: number, at: number, sizes = [3, 1]) =>
    conflictingStep(number, { at, sizes });
  const { feed } = await feedOn(
    three,
    start(1000, 0),
    step(1, 1500),
    step(2, 2000),
    start(902_000, 2),
    step(3, 902_500, [1, 1]),
  );
  const { elapsed, examples } = await feed.window({ from: null, to: null, columns: 10 }, []);
  assert.deepEqual([...elapsed], [500, 1000, 1500]);
  assert.deepEqual([...examples], [4, 8, 10]);
});

test('weights of single steps, the largest first', async () => {
  const steps = Array.from({ length: 1000 }, (_, i) =>
    conflictingStep(i + 1, { weights: i % 2 === 0 ? [0.3, 0.7] : [0.6, 0.4] }),
  );
  const { feed } = await feedOn(summary({ groups: ['#1', '#2'] }), ...steps);
  const sorted = await feed.sortedWeights({ from: null, to: null, columns: 4 });
  assert.ok(sorted.steps.length > 60 && sorted.steps.length <= 128);
  for (const [i, step] of sorted.steps.entries()) {
    assert.deepEqual(sorted.weights[i], step % 2 === 1 ? [0.7, 0.3] : [0.6, 0.4]);
  }
});

test('a malformed step is skipped, its neighbours are not', async () => {
  const bad = [
    conflictingStep(2, { gram: [1] }),
    conflictingStep(4, { weights: [1] }),
    conflictingStep(6, { gram: [1, 5, 1] }),
  ];
  const good = [1, 3, 5, 7].map((step) => conflictingStep(step));
  const steps = [...good, ...bad].sort((a, b) => a.step - b.step);
  const { feed } = await feedOn(three, ...steps);
  assert.deepEqual(
    feed.latest.map(({ step }) => step),
    [1, 3, 5, 7],
  );
});

test('numbers that JSON cannot represent become null', async () => {
  const step = conflictingStep(1, { losses: [1, null], gram: [null, null, 2] });
  const { feed } = await feedOn(three, step);
  const [point] = feed.latest;
  assert.equal(point?.loss, null);
  assert.equal(point?.minCosine, null);
  assert.equal(point?.guarantee, 'violated');
  assert.deepEqual(JSON.parse(JSON.stringify(feed.latest)), feed.latest);
  assert.deepEqual(JSON.parse(JSON.stringify(feed.cosines)), feed.cosines);
});

const usual = {
  parameters: {},
  metric: 'euclidean',
  smoothing: 0,
  zeroGroups: 'drop',
  guard: null,
} as const;
const feedOf = async (name: string, ...steps: RunEvent[]) => {
  const aggregation = { ...usual, name };
  const run = summary({ aggregator: name, aggregation, groups: ['a', 'b'] });
  return (await feedOn(run, ...steps)).feed;
};

test('the state of the guarantee, of the direction and of the update', async () => {
  // ⟨d, g₁⟩ = 0.9·1 − 0.1·1 > 0 and ⟨d, g₂⟩ = −0.9 + 0.2 < 0.
  const step = conflictingStep(1, {
    weights: [0.9, 0.1],
    update: { norm2: 1, inner: [-0.1, -0.2] },
  });
  for (const [name, guarantee] of [
    ['grain', 'violated'],
    ['mean', 'none'],
    ['of another trainer', null],
  ] as const) {
    const feed = await feedOf(name, step);
    const [point] = feed.latest;
    assert.equal(point?.guarantee, guarantee);
    assert.deepEqual([point?.conflictsWith, point?.updateConflictsWith], [0.5, 1]);
  }
});

test('gradients one after another: weights, but no conflicts', async () => {
  const arrival = { inner: 0, norm2: 1, weights: [1], direction2: 1 };
  const step = conflictingStep(2, {
    gram: null,
    streaming: [arrival, { inner: -1, norm2: 2, weights: [0.6, 0.4], direction2: 0.2 }],
    update: null,
  });
  const feed = await feedOf('grain-streaming', step);
  const [point] = feed.latest;
  assert.deepEqual(point?.weights, [0.6, 0.4]);
  assert.equal(point?.unmeasured, 'one-by-one');
  assert.equal(point?.guarantee, 'none');
  for (const key of ['conflictsWith', 'minCosine', 'conflictRate', 'relativeGap'] as const) {
    assert.equal(point?.[key], null, key);
  }
  assert.equal(feed.cosines, null);
});

test('a direction that is not a weighted sum: measured, without weights', async () => {
  const direct = { norm2: 1, inner: [-0.5, 1] };
  const feed = await feedOf('graddrop', conflictingStep(1, { weights: null, direct }));
  const [point] = feed.latest;
  assert.deepEqual(point?.weights, [null, null]);
  assert.deepEqual([point?.minCosine, point?.conflictsWith, point?.guarantee], [-0.5, 0.5, 'none']);
  assert.equal(point?.effectiveGroups, null);
  assert.ok(feed.cosines);
});

test('weights of blocks: those of the latest step, with the share of each in the gradients', async () => {
  const blocks = [
    { name: 'dense', gram: [3, 0, 0], weights: [0, 1] },
    { name: 'head', gram: [0, 0, 1], weights: [1, 0] },
  ];
  const step = conflictingStep(3, { gram: [3, 0, 1], weights: [0.25, 0.75], blocks });
  const feed = await feedOf('grain-layerwise', step);
  assert.deepEqual(feed.blocks, {
    step: 3,
    blocks: [
      { name: 'dense', share: 0.75, weights: [0, 1] },
      { name: 'head', share: 0.25, weights: [1, 0] },
    ],
  });
  assert.equal(feed.latest[0]?.guarantee, 'held');
});

test('smoothing loses the guarantee', async () => {
  const aggregation = { ...usual, name: 'grain', smoothing: 0.5 };
  const run = summary({ aggregator: 'grain smoothing=0.5', aggregation });
  const { feed } = await feedOn(run, conflictingStep(1));
  assert.equal(feed.latest[0]?.guarantee, 'lost');
});

test('alarms as they were logged', async () => {
  const alarm = {
    kind: 'alarm',
    at: 0,
    step: 1,
    rule: 'exploding-loss',
    state: 'raised',
    message: 'As logged.',
    figures: {},
    groups: [],
  } as const;
  const { feed } = await feedOn(three, conflictingStep(1), alarm);
  assert.deepEqual(
    feed.alarms.map(({ message }) => message),
    ['As logged.'],
  );
});
