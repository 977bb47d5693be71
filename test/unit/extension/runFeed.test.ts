import assert from 'node:assert/strict';
import { test } from 'node:test';
import { diagnoseStep, type StepFacts } from '../../../src/engine/diagnoseStep.ts';
import { RunFeed } from '../../../src/extension/panels/runFeed.ts';
import type { RunEvent } from '../../../src/runs/events.ts';
import { conflictingStep, summary } from './fixtures.ts';

/** The real engine, on this thread. */
const engine = {
  diagnose: async (steps: readonly StepFacts[]) => steps.map(diagnoseStep),
};

/** A log that grows by one portion with each read. */
function logOf(...portions: RunEvent[][]) {
  return { read: async () => portions.shift() ?? [] };
}

const { manifest } = summary({ groups: ['a', 'b', 'c'] });

test('a step becomes a point: weights by group, conflict, loss over its examples', async () => {
  const feed = new RunFeed(manifest, logOf([conflictingStep(1)]), engine);
  await feed.update();
  const [point] = feed.latest;
  assert.deepEqual(point?.weights, [0.6, 0.4, null]);
  assert.equal(point?.conflictRate, 1);
  assert.equal(point?.loss, 1.25);
  // d = 0.6·(1, 0) + 0.4·(−1, 1) = (0.2, 0.4), the shortest; ḡ = (0.5, 0.25) by sizes 3 and 1.
  assert.ok(Math.abs(point!.normRatio! - Math.sqrt(0.2 / 0.3125)) < 1e-12);
  assert.ok(Math.abs(point!.relativeGap!) < 1e-12);
  assert.equal(point?.certified, true);
  // ‖(−1, 1)‖ = √2, so cos = −1/√2.
  assert.deepEqual(feed.cosines?.groupNames, ['a', 'b']);
  assert.ok(Math.abs(feed.cosines!.cosines[0]![1]! + Math.SQRT1_2) < 1e-12);
});

test('only what is new is added', async () => {
  const validation = { kind: 'validation', at: 0, step: 2, metrics: { accuracy: 0.5 } } as const;
  const log = logOf([conflictingStep(1)], [conflictingStep(2), validation], []);
  const feed = new RunFeed(manifest, log, engine);
  for (const expected of [[1], [1, 2], [1, 2]]) {
    await feed.update();
    assert.deepEqual(
      feed.latest.map(({ step }) => step),
      expected,
    );
  }
  assert.deepEqual(feed.validation, [{ step: 2, value: 0.5 }]);
});

test('a long log appears gradually', async () => {
  const steps = Array.from({ length: 1200 }, (_, i) => conflictingStep(i + 1));
  const feed = new RunFeed(manifest, logOf(steps), engine);
  const lengths: number[] = [];
  await feed.update(() => lengths.push(feed.columns.length));
  assert.ok(lengths.length > 1 && lengths[0]! < 1200);
  assert.equal(feed.latest.at(-1)?.step, 1200);
});

test('overlapping calls do not read twice', async () => {
  const feed = new RunFeed(manifest, logOf([conflictingStep(1)], [conflictingStep(2)]), engine);
  await Promise.all([feed.update(), feed.update()]);
  assert.equal(feed.columns.length, 1);
});

test('a malformed step is skipped, its neighbours are not', async () => {
  const bad = [
    conflictingStep(2, { gram: [1] }),
    conflictingStep(4, { weights: [1] }),
    conflictingStep(6, { gram: [1, 5, 1] }),
  ];
  const good = [1, 3, 5, 7].map((step) => conflictingStep(step));
  const steps = [...good, ...bad].sort((a, b) => a.step - b.step);
  const feed = new RunFeed(manifest, logOf(steps), engine);
  await feed.update();
  assert.deepEqual(
    feed.latest.map(({ step }) => step),
    [1, 3, 5, 7],
  );
});

test('numbers that JSON cannot represent become null', async () => {
  const step = conflictingStep(1, { losses: [1, null], gram: [null, null, 2] });
  const feed = new RunFeed(manifest, logOf([step]), engine);
  await feed.update();
  const [point] = feed.latest;
  assert.equal(point?.loss, null);
  assert.equal(point?.minCosine, null);
  assert.equal(point?.certified, false);
  assert.deepEqual(JSON.parse(JSON.stringify(feed.latest)), feed.latest);
  assert.deepEqual(JSON.parse(JSON.stringify(feed.cosines)), feed.cosines);
});

test('steps read while the engine is dead are shown once it has restarted', async () => {
  let dead = true;
  const moody = {
    diagnose: async (steps: readonly StepFacts[]) => {
      if (dead) throw new Error('the engine worker died');
      return engine.diagnose(steps);
    },
  };
  const feed = new RunFeed(manifest, logOf([conflictingStep(1)]), moody);
  await assert.rejects(feed.update(), /died/);
  dead = false;
  await feed.update();
  assert.equal(feed.columns.length, 1);
});

const usual = {
  parameters: {},
  metric: 'euclidean',
  smoothing: 0,
  zeroGroups: 'drop',
  guard: null,
} as const;
const feedOf = (name: string, ...steps: RunEvent[]) => {
  const run = summary({ aggregator: name, aggregation: { ...usual, name }, groups: ['a', 'b'] });
  return new RunFeed(run.manifest, logOf(steps), engine);
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
    const feed = feedOf(name, step);
    await feed.update();
    const [point] = feed.latest;
    assert.equal(point?.guarantee, guarantee);
    assert.equal(point?.certified, false);
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
  const feed = feedOf('grain-streaming', step);
  await feed.update();
  const [point] = feed.latest;
  assert.deepEqual(point?.weights, [0.6, 0.4]);
  assert.equal(point?.unmeasured, 'one-by-one');
  assert.equal(point?.guarantee, 'none');
  for (const key of [
    'certified',
    'conflictsWith',
    'minCosine',
    'conflictRate',
    'relativeGap',
  ] as const) {
    assert.equal(point?.[key], null, key);
  }
  assert.equal(feed.cosines, null);
});

test('a direction that is not a weighted sum: measured, without weights', async () => {
  const direct = { norm2: 1, inner: [-0.5, 1] };
  const feed = feedOf('graddrop', conflictingStep(1, { weights: null, direct }));
  await feed.update();
  const [point] = feed.latest;
  assert.deepEqual(point?.weights, [null, null]);
  assert.deepEqual([point?.minCosine, point?.conflictsWith, point?.certified], [-0.5, 0.5, false]);
  assert.equal(point?.effectiveGroups, null);
  assert.ok(feed.cosines);
});

test('weights of blocks: those of the latest step, with the share of each in the gradients', async () => {
  const blocks = [
    { name: 'dense', gram: [3, 0, 0], weights: [0, 1] },
    { name: 'head', gram: [0, 0, 1], weights: [1, 0] },
  ];
  const step = conflictingStep(3, { gram: [3, 0, 1], weights: [0.25, 0.75], blocks });
  const feed = feedOf('grain-layerwise', step);
  await feed.update();
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
  const { manifest: smoothed } = summary({ aggregator: 'grain smoothing=0.5', aggregation });
  const feed = new RunFeed(smoothed, logOf([conflictingStep(1)]), engine);
  await feed.update();
  assert.equal(feed.latest[0]?.guarantee, 'lost');
});

test('alarms follow from the facts, unless the trainer logged its own', async () => {
  const steps = [1, 2, 3, 4].map((step) =>
    conflictingStep(step, { losses: step === 1 ? [1, 1] : [500, 500] }),
  );
  const alarm = {
    kind: 'alarm',
    at: 0,
    step: 4,
    rule: 'exploding-loss',
    state: 'raised',
    message: 'As logged.',
    figures: {},
    groups: [],
  } as const;
  const feed = new RunFeed(manifest, logOf(steps, [alarm]), engine);
  await feed.update();
  assert.deepEqual(
    feed.alarms.map(({ rule, step }) => [rule, step]),
    [['exploding-loss', 4]],
  );
  await feed.update();
  assert.deepEqual(
    feed.alarms.map(({ message }) => message),
    ['As logged.'],
  );
});
