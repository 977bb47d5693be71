import assert from 'node:assert/strict';
import { test } from 'node:test';
import { aggregators } from '../../../src/engine/aggregators/registry.ts';
import { diagnoseStep, type StepFacts } from '../../../src/engine/diagnoseStep.ts';
import type { WindowReply } from '../../../src/extension/messages/columns.ts';
import type { EmptyMessage } from '../../../src/extension/messages/run.ts';
import {
  type WeightsAppend,
  type WeightsShow,
  weightsMessages,
} from '../../../src/extension/messages/weights.ts';
import { RunContent } from '../../../src/extension/panels/runContent.ts';
import { RunFeed } from '../../../src/extension/panels/runFeed.ts';
import type { RunEvent } from '../../../src/runs/events.ts';
import type { RunSummary } from '../../../src/runs/store.ts';
import { conflictingStep, summary } from './fixtures.ts';

type Message = WeightsShow | WeightsAppend | WindowReply | EmptyMessage;

/** A panel on runs whose states and logs the test changes as it likes. */
function panelOn(...runs: RunSummary[]) {
  const logged: RunEvent[] = [];
  const world = { runs, shown: runs[0]?.folder, leases: 0 };
  const engine = {
    diagnose: async (steps: readonly StepFacts[]) => steps.map(diagnoseStep),
  };
  const content = new RunContent<RunSummary, WeightsShow, WeightsAppend>({
    runs: {
      ready: Promise.resolve(),
      get all() {
        return world.runs;
      },
      find: (folder) => world.runs.find((run) => run.folder === folder),
    },
    feeds: {
      lease: ({ manifest }) => {
        world.leases++;
        const source = { read: async () => logged.splice(0) };
        return {
          feed: new RunFeed(manifest, source, engine),
          dispose: () => world.leases--,
        };
      },
    },
    messages: weightsMessages,
    shown: () => world.shown,
    locale: 'en',
    onSelect: (id) => {
      world.shown = id;
    },
  });
  const update = async (fresh = false) => {
    const posted: Message[] = [];
    const more = await content.update((message) => posted.push(message), fresh);
    return { posted, more, types: posted.map(({ type }) => type) };
  };
  return { world, logged, content, update };
}

test('a queued run is waited for, then shown, then appended to', async () => {
  const run = summary({ status: 'queued', step: 0 });
  const { world, logged, update } = panelOn(run);
  const first = await update(true);
  assert.equal(first.more, true);
  assert.match((first.posted[0] as EmptyMessage).reason, /^Queued/);

  world.runs = [{ ...run, status: 'running', step: 1 }];
  logged.push(conflictingStep(1));
  assert.deepEqual((await update()).types, ['show']);

  logged.push(conflictingStep(2), conflictingStep(3));
  const { posted } = await update();
  assert.equal(posted.length, 1);
  const append = posted[0] as WeightsAppend;
  assert.equal(append.type, 'append');
  assert.deepEqual([...append.steps!.first], [2, 3]);
  assert.equal(append.run.step, 3);
});

test('how far a long validation is, before the first step and after', async () => {
  const run = summary({ status: 'running', step: 0, validating: 0.128 });
  const { world, logged, update } = panelOn(run);
  const { reason } = (await update(true)).posted[0] as EmptyMessage;
  assert.match(reason, /being validated, 12 % done\.$/);
  logged.push(conflictingStep(1));
  world.runs = [summary({ status: 'running', step: 1 })];
  await update();
  world.runs = [summary({ status: 'running', step: 1, validating: 0.5 })];
  const { posted } = await update();
  assert.equal((posted[0] as WeightsAppend).run.validating, 0.5);
});

test('nothing is posted unless it is new; a reloaded page gets everything', async () => {
  const { logged, update } = panelOn(summary({ status: 'running' }));
  logged.push(conflictingStep(1), conflictingStep(2));
  assert.deepEqual((await update(true)).types, ['show']);
  assert.deepEqual((await update()).types, []);
  const again = await update(true);
  assert.deepEqual(again.types, ['show']);
  assert.equal((again.posted[0] as WeightsShow).steps.first.length, 2);
});

test('the end of a run is reported without new points, and nothing more is expected', async () => {
  const run = summary({ status: 'running' });
  const { world, logged, update } = panelOn(run);
  logged.push(conflictingStep(1));
  await update(true);
  world.runs = [{ ...run, status: 'finished' }];
  const { posted, more } = await update();
  assert.equal((posted[0] as WeightsAppend).run.status, 'finished');
  assert.deepEqual((posted[0] as WeightsAppend).steps, null);
  assert.equal(more, false);
});

test('another run, chosen in the page, is shown whole, and the first is released', async () => {
  const { world, logged, content, update } = panelOn(summary({ seed: 0 }), summary({ seed: 1 }));
  logged.push(conflictingStep(1));
  await update(true);
  content.receive({ type: 'selectRun', id: '/runs/e1-grain-1-1' });
  logged.push(conflictingStep(1));
  const { posted } = await update();
  assert.equal((posted[0] as WeightsShow).run.id, '/runs/e1-grain-1-1');
  assert.equal(world.leases, 1);
  content.dispose();
  assert.equal(world.leases, 0);
});

test('a new run causes the choices to be sent again', async () => {
  const run = summary({ seed: 0 });
  const { world, logged, update } = panelOn(run);
  logged.push(conflictingStep(1));
  await update(true);
  world.runs = [run, summary({ seed: 1 })];
  const { posted } = await update();
  assert.equal((posted[0] as WeightsShow).choices.length, 2);
});

test('a deleted run is reported as deleted', async () => {
  const { world, logged, update } = panelOn(summary());
  logged.push(conflictingStep(1));
  await update(true);
  world.runs = [];
  const { posted } = await update();
  assert.match((posted[0] as EmptyMessage).reason, /deleted/);
  assert.equal(world.leases, 0);
});

test('the header says what the aggregator is, what it guarantees and in which metric', async () => {
  const aggregation = {
    name: 'grain',
    parameters: {},
    metric: 'preconditioned',
    smoothing: 0,
    zeroGroups: 'drop',
    guard: null,
  } as const;
  const { logged, update } = panelOn(summary({ aggregator: 'grain preconditioned', aggregation }));
  logged.push(conflictingStep(1));
  const { run } = (await update(true)).posted[0] as WeightsShow;
  const { title, guarantee, reference } = aggregators.grain;
  assert.equal(run.aggregator, 'grain preconditioned');
  const properties = { nonConflicting: true, minimumNorm: true };
  assert.deepEqual(run.method, { name: 'grain', title, guarantee, reference, ...properties });
  assert.equal(run.metric, 'preconditioned');
});

test('the header knows our aggregators by name, but not another trainer’s', async () => {
  for (const [aggregator, nonConflicting] of [
    ['mean', false],
    ['theirs', undefined],
  ] as const) {
    const { logged, update } = panelOn(summary({ aggregator }));
    logged.push(conflictingStep(1));
    const { run } = (await update(true)).posted[0] as WeightsShow;
    assert.equal(run.method?.nonConflicting, nonConflicting);
    assert.equal(run.metric, 'euclidean');
  }
});
