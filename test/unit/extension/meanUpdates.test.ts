import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { diagnoseStep, type StepFacts } from '../../../src/engine/diagnoseStep.ts';
import { type ConflictShow, conflictMessages } from '../../../src/extension/messages/conflict.ts';
import { MeanUpdates } from '../../../src/extension/panels/meanUpdates.ts';
import { RunContent } from '../../../src/extension/panels/runContent.ts';
import { RunFeed, RunFeeds } from '../../../src/extension/panels/runFeed.ts';
import { runFile } from '../../../src/runs/grainFolder.ts';
import type { RunSummary } from '../../../src/runs/store.ts';
import { conflictingStep, logsOf, summary } from './fixtures.ts';

const engine = {
  diagnose: async (steps: readonly StepFacts[]) => steps.map(diagnoseStep),
};
const fine = { norm2: 1, inner: [1, 1] };
const conflicting = { norm2: 1, inner: [1, -1] };

const grain = summary({ aggregator: 'grain', seed: 1 });
const mean = summary({ aggregator: 'mean', seed: 1 });
const otherSeed = summary({ aggregator: 'mean', seed: 2 });

test('the updates of the mean with the same seed are counted as they are logged, and read once', async () => {
  const runs = [grain, mean, otherSeed];
  const { open, opened, log } = logsOf(runs);
  const updates = new MeanUpdates(open);
  assert.deepEqual(await updates.read(grain, runs), { conflicted: 0, measured: 0 });
  log(otherSeed, conflictingStep(1, { update: conflicting }));
  log(mean, conflictingStep(1, { update: conflicting }), conflictingStep(2, { update: fine }));
  assert.deepEqual(await updates.read(grain, runs), { conflicted: 1, measured: 2 });
  log(mean, conflictingStep(3, { update: conflicting }));
  assert.deepEqual(await updates.read(grain, runs), { conflicted: 2, measured: 3 });
  assert.deepEqual(opened, [mean.manifest.id]);
  assert.equal(await updates.read(mean, runs), null, 'the mean is not compared with itself');
  assert.equal(await updates.read(grain, [grain, otherSeed]), null);
});

test('the header has badge and counts of all steps, and follows the mean although the run has ended', async () => {
  const runs = [grain, mean];
  const { open, log } = logsOf(runs);
  const content = new RunContent({
    runs: {
      ready: Promise.resolve(),
      all: runs,
      find: (folder) => runs.find((run) => run.folder === folder),
    },
    feeds: {
      lease: (run: RunSummary) => ({
        feed: new RunFeed(run.manifest, open(run), engine),
        dispose: () => {},
      }),
    },
    messages: conflictMessages,
    shown: () => grain.folder,
    locale: 'en',
    meanUpdates: new MeanUpdates(open),
    onSelect: () => {},
  });
  const update = async (fresh: boolean) => {
    const posted: Pick<ConflictShow, 'run'>[] = [];
    await content.update((message) => 'run' in message && posted.push(message), fresh);
    return posted.map(({ run }) => run.guarantee);
  };
  log(grain, conflictingStep(1, { update: fine }), conflictingStep(2, { update: conflicting }));
  const [first] = await update(true);
  assert.equal(first?.badge.text, 'direction certified, 50 % of updates conflict');
  assert.deepEqual(first?.counts.updates, { conflicted: 1, measured: 2 });
  assert.equal(first?.besideMean, '');
  assert.deepEqual(await update(false), []);
  log(mean, conflictingStep(1, { update: conflicting }));
  assert.deepEqual(
    (await update(false)).map(({ besideMean }) => besideMean),
    ['mean, same seed: 100 %'],
  );
  content.dispose();
});

test('the explorer’s tooltip says it of a run whose panels are closed, and nothing where there is nothing', async () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'grain-tooltip-'));
  try {
    const run = { ...grain, folder };
    const feeds = new RunFeeds(engine);
    assert.equal(await feeds.guaranteeOf(run), null);
    const steps = [conflictingStep(1, { update: fine }), conflictingStep(2, { update: fine })];
    const lines = steps.map((step) => `${JSON.stringify(step)}\n`);
    writeFileSync(runFile(folder, 'events'), lines.join(''));
    assert.equal(await feeds.guaranteeOf(run), 'certified, no update conflicts');
    const failing = new RunFeeds({ diagnose: () => Promise.reject(new Error('no engine')) });
    assert.equal(await failing.guaranteeOf(run), null);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
