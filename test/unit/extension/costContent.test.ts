import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import type { MetricsCost } from '../../../src/extension/messages/metrics.ts';
import {
  type EmptyMessage,
  type RunRequest,
  runRequest,
} from '../../../src/extension/messages/run.ts';
import { CostContent } from '../../../src/extension/panels/costContent.ts';
import { RunFeeds } from '../../../src/extension/panels/runFeed.ts';
import type { RunSummary } from '../../../src/runs/store.ts';
import { conflictingStep, log, stored, summary } from './fixtures.ts';

/** A page that shows a run by its name alone, and the costs beside it. */
function pageOn(...aggregators: readonly string[]) {
  const runs = aggregators.map((aggregator) => stored(summary({ aggregator, seed: 1 })));
  const feeds = new RunFeeds();
  after(() => feeds.dispose());
  const world = { shown: runs[0]!.folder };
  const content = new CostContent<RunSummary, { readonly type: 'page' }, RunRequest>(
    {
      requests: runRequest,
      update: async (post) => {
        post({ type: 'page' });
        return true;
      },
      receive: (request) => {
        if (request.type === 'selectRun') world.shown = request.id;
      },
      dispose: () => {},
    },
    {
      runs: { all: runs, find: (folder) => runs.find((run) => run.folder === folder) },
      shown: () => world.shown,
      feeds,
    },
  );
  const update = async (fresh = false) => {
    const posted: ({ readonly type: 'page' } | MetricsCost | EmptyMessage)[] = [];
    assert.equal(await content.update((message) => posted.push(message), fresh), true);
    assert.equal(posted[0]?.type, 'page', 'the page comes first');
    return posted.filter((message) => message.type === 'cost');
  };
  const logStep = (run: RunSummary, aggregate: number) =>
    log(
      run,
      conflictingStep(1, {
        ms: { gradients: 8, aggregate, update: 1 },
        memory: { resident: 100, tensors: 10 * aggregate },
      }),
    );
  return { content, world, update, logStep, runs: runs as [RunSummary, RunSummary] };
}

test('a cost follows the page, and again when it has changed', async () => {
  const { update, logStep, runs } = pageOn('grain', 'mean');
  const [grain, mean] = runs;
  const id = grain.folder;
  assert.deepEqual(await update(true), [{ type: 'cost', id, cost: null, againstMean: null }]);
  assert.deepEqual(await update(), []);
  logStep(grain, 3);
  const [first] = await update();
  assert.ok(Math.abs(first!.cost!.stepTime - 12) < 0.12, 'to within a percent');
  assert.equal(first?.againstMean, null, 'the run on the mean has no step yet');
  logStep(mean, 1);
  const [second] = await update();
  assert.ok(Math.abs(second!.againstMean!.time - 1.2) < 0.03);
  assert.equal(second?.againstMean?.tensors, 3);
  assert.deepEqual(await update(), []);
  assert.deepEqual(await update(true), [second], 'all, for a page that was loaded anew');
});

test('another run, chosen in the page, has its own', async () => {
  const { content, update, logStep, runs } = pageOn('grain', 'mean');
  const [grain, mean] = runs;
  logStep(grain, 3);
  logStep(mean, 1);
  await update(true);
  content.receive({ type: 'selectRun', id: mean.folder });
  const [message] = await update(true);
  assert.equal(message?.id, mean.folder);
  assert.ok(Math.abs(message!.cost!.stepTime - 10) < 0.1);
  assert.equal(message?.againstMean, null);
});

test('without a run there is no cost', async () => {
  const { world, update } = pageOn('grain');
  world.shown = 'gone';
  assert.deepEqual(await update(true), []);
});
