import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { MetricsCost } from '../../../src/extension/messages/metrics.ts';
import {
  type EmptyMessage,
  type RunRequest,
  runRequest,
} from '../../../src/extension/messages/run.ts';
import { CostContent } from '../../../src/extension/panels/costContent.ts';
import type { RunSummary } from '../../../src/runs/store.ts';
import { conflictingStep, logsOf, summary } from './fixtures.ts';

const grain = summary({ aggregator: 'grain', seed: 1 });
const mean = summary({ aggregator: 'mean', seed: 1 });

/** A page that shows a run by its name alone, and the costs beside it. */
function pageOn(runs: readonly RunSummary[]) {
  const { open, opened, log: add } = logsOf(runs);
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
      open,
    },
  );
  const update = async (fresh = false) => {
    const posted: ({ readonly type: 'page' } | MetricsCost | EmptyMessage)[] = [];
    assert.equal(await content.update((message) => posted.push(message), fresh), true);
    assert.equal(posted[0]?.type, 'page', 'the page comes first');
    return posted.filter((message) => message.type === 'cost');
  };
  const log = (run: RunSummary, aggregate: number) =>
    add(
      run,
      conflictingStep(1, {
        ms: { gradients: 8, aggregate, update: 1 },
        memory: { resident: 100, tensors: 10 * aggregate },
      }),
    );
  return { content, world, update, log, opened };
}

test('a cost follows the page, and again when it has changed', async () => {
  const { update, log } = pageOn([grain, mean]);
  const id = grain.folder;
  assert.deepEqual(await update(true), [{ type: 'cost', id, cost: null, againstMean: null }]);
  assert.deepEqual(await update(), []);
  log(grain, 3);
  const [first] = await update();
  assert.equal(first?.cost?.stepTime, 12);
  assert.equal(first?.againstMean, null, 'the run on the mean has no step yet');
  log(mean, 1);
  const [second] = await update();
  assert.deepEqual(second?.againstMean, { time: 1.2, tensors: 3 });
  assert.deepEqual(await update(), []);
  assert.deepEqual(await update(true), [second], 'all, for a page that was loaded anew');
});

test('another run, chosen in the page, has its own', async () => {
  const { content, update, log, opened } = pageOn([grain, mean]);
  log(grain, 3);
  log(mean, 1);
  await update(true);
  content.receive({ type: 'selectRun', id: mean.folder });
  const [message] = await update(true);
  assert.equal(message?.id, mean.folder);
  assert.equal(message?.cost?.stepTime, 10);
  assert.equal(message?.againstMean, null);
  assert.equal(opened.length, 2, 'no log was read twice');
});

test('without a run there is no cost', async () => {
  const { world, update } = pageOn([grain]);
  world.shown = 'gone';
  assert.deepEqual(await update(true), []);
});
