import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import { after, test } from 'node:test';
import { aggregators } from '../../../src/engine/aggregators/registry.ts';
import type { WindowReply } from '../../../src/extension/messages/columns.ts';
import type { EmptyMessage } from '../../../src/extension/messages/run.ts';
import {
  type WeightsAppend,
  type WeightsShow,
  weightsMessages,
} from '../../../src/extension/messages/weights.ts';
import { RunContent } from '../../../src/extension/panels/runContent.ts';
import { RunFeeds } from '../../../src/extension/panels/runFeed.ts';
import type { RunEvent } from '../../../src/runs/events.ts';
import { runFile } from '../../../src/runs/grainFolder.ts';
import type { RunSummary } from '../../../src/runs/store.ts';
import { conflictingStep, log, stored, summary } from './fixtures.ts';

type Message = WeightsShow | WeightsAppend | WindowReply | EmptyMessage;

/** A panel on runs whose states and logs the test changes as it likes. */
function panelOn(...summaries: RunSummary[]) {
  const runs = summaries.map(stored);
  const world = { runs, shown: runs[0]?.folder, leases: 0 };
  /** Adds to the log of the run that is shown. */
  const logged = {
    push: (...events: RunEvent[]) => log({ folder: world.shown! }, ...events),
  };
  const feeds = new RunFeeds();
  after(() => feeds.dispose());
  const content = new RunContent<RunSummary, WeightsShow, WeightsAppend>({
    runs: {
      ready: Promise.resolve(),
      get all() {
        return world.runs;
      },
      find: (folder) => world.runs.find((run) => run.folder === folder),
    },
    feeds: {
      lease: (run) => {
        world.leases++;
        const { feed, dispose } = feeds.lease(run);
        return {
          feed,
          dispose: () => {
            world.leases--;
            dispose();
          },
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
  return { world, logged, content, update, run: runs[0]!, other: runs[1] };
}

test('a queued run is waited for, then shown, then appended to', async () => {
  const { world, logged, update, run } = panelOn(summary({ status: 'queued', step: 0 }));
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
  const { world, logged, update, run } = panelOn(
    summary({ status: 'running', step: 0, validating: 0.128 }),
  );
  const { reason } = (await update(true)).posted[0] as EmptyMessage;
  assert.match(reason, /being validated, 12 % done\.$/);
  logged.push(conflictingStep(1));
  world.runs = [{ ...run, step: 1, validating: null }];
  await update();
  world.runs = [{ ...run, step: 1, validating: 0.5 }];
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
  const { world, logged, update, run } = panelOn(summary({ status: 'running' }));
  logged.push(conflictingStep(1));
  await update(true);
  world.runs = [{ ...run, status: 'finished' }];
  const { posted, more } = await update();
  assert.equal((posted[0] as WeightsAppend).run.status, 'finished');
  assert.deepEqual((posted[0] as WeightsAppend).steps, null);
  assert.equal(more, false);
});

test('another run, chosen in the page, is shown whole, and the first is released', async () => {
  const { world, logged, content, update, other } = panelOn(
    summary({ seed: 0 }),
    summary({ seed: 1 }),
  );
  logged.push(conflictingStep(1));
  await update(true);
  content.receive({ type: 'selectRun', id: other!.folder });
  logged.push(conflictingStep(1));
  const { posted } = await update();
  assert.equal((posted[0] as WeightsShow).run.id, other!.folder);
  assert.equal(world.leases, 1);
  content.dispose();
  assert.equal(world.leases, 0);
});

test('a new run causes the choices to be sent again', async () => {
  const { world, logged, update, run } = panelOn(summary({ seed: 0 }));
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

test('a page that zooms gets exact steps, and no others until it asks for them', async () => {
  const { logged, content, update } = panelOn(summary({ status: 'running' }));
  logged.push(...Array.from({ length: 3000 }, (_, i) => conflictingStep(i + 1)));
  const [show] = (await update(true)).posted as [WeightsShow];
  assert.ok(show.steps.bucket > 1 && show.steps.first.length <= 1000);
  content.receive({ type: 'window', from: 1200, to: 1300, columns: 500 });
  const [reply, ...none] = (await update()).posted as [WindowReply];
  assert.deepEqual(none, []);
  assert.equal(reply.type, 'window');
  assert.equal(reply.steps.bucket, 1);
  assert.deepEqual([reply.steps.first[0], reply.steps.last.at(-1)], [1200, 1300]);
  assert.deepEqual([reply.steps.examples[0], reply.steps.lastStep], [4800, 3000]);
  logged.push(conflictingStep(3001));
  const [append] = (await update()).posted as [WeightsAppend];
  assert.equal(append.steps, null);
  assert.equal(append.latest.at(-1)?.step, 3001);
  content.receive({ type: 'window', from: null, to: null, columns: 500 });
  const [whole] = (await update()).posted as [WindowReply];
  assert.equal(whole.steps.last.at(-1), 3001);
});

test('a page that follows a run gets only new columns, until they are too many', async () => {
  const { logged, update } = panelOn(summary({ status: 'running' }));
  const next = (count: number, from: number) =>
    logged.push(...Array.from({ length: count }, (_, i) => conflictingStep(from + i)));
  next(2500, 1);
  const [show] = (await update(true)).posted as [WeightsShow];
  const { bucket } = show.steps;
  assert.equal(bucket, 3);
  next(4, 2501);
  const [append] = (await update()).posted as [WeightsAppend];
  assert.deepEqual([...append.steps!.first], [2500, 2503]);
  assert.deepEqual([...append.steps!.last], [2502, 2504]);
  next(2500, 2505);
  await update();
  next(1, 5005);
  const [wider] = (await update()).posted as [WeightsAppend];
  assert.ok(wider.steps!.bucket > bucket);
  assert.equal(wider.steps!.first[0], 1);
});

test('a log that was replaced is shown anew', async () => {
  const { logged, update, run } = panelOn(summary({ status: 'running' }));
  logged.push(conflictingStep(1), conflictingStep(2));
  await update(true);
  rmSync(runFile(run.folder, 'events'));
  logged.push(...[1, 2, 3].map((step) => conflictingStep(step, { at: 7 })));
  const { posted } = await update();
  const show = posted[0] as WeightsShow;
  assert.equal(show.type, 'show');
  assert.deepEqual([...show.steps.first], [1, 2, 3]);
});
