import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import { after, test } from 'node:test';
import { type ConflictShow, conflictMessages } from '../../../src/extension/messages/conflict.ts';
import { meanUpdates } from '../../../src/extension/panels/meanUpdates.ts';
import { RunContent } from '../../../src/extension/panels/runContent.ts';
import { RunFeeds } from '../../../src/extension/panels/runFeed.ts';
import { conflictingStep, log, stored, summary } from './fixtures.ts';

const feeds = new RunFeeds();
after(() => feeds.dispose());
const fine = { norm2: 1, inner: [1, 1] };
const conflicting = { norm2: 1, inner: [1, -1] };

const runs = () => ({
  grain: stored(summary({ aggregator: 'grain', seed: 1 })),
  mean: stored(summary({ aggregator: 'mean', seed: 1 })),
  otherSeed: stored(summary({ aggregator: 'mean', seed: 2 })),
});

test('the updates of the mean with the same seed are counted as they are logged', async () => {
  const { grain, mean, otherSeed } = runs();
  const all = [grain, mean, otherSeed];
  const read = meanUpdates(feeds);
  assert.deepEqual(await read(grain, all), { conflicted: 0, measured: 0 });
  log(otherSeed, conflictingStep(1, { update: conflicting }));
  log(mean, conflictingStep(1, { update: conflicting }), conflictingStep(2, { update: fine }));
  assert.deepEqual(await read(grain, all), { conflicted: 1, measured: 2 });
  log(mean, conflictingStep(3, { update: conflicting }));
  assert.deepEqual(await read(grain, all), { conflicted: 2, measured: 3 });
  assert.equal(await read(mean, all), null, 'the mean is not compared with itself');
  assert.equal(await read(grain, [grain, otherSeed]), null);
});

test('the header has badge and counts of all steps, and follows the mean although the run has ended', async () => {
  const { grain, mean } = runs();
  const all = [grain, mean];
  const content = new RunContent({
    runs: {
      ready: Promise.resolve(),
      all,
      find: (folder) => all.find((run) => run.folder === folder),
    },
    feeds,
    messages: conflictMessages,
    shown: () => grain.folder,
    locale: 'en',
    meanUpdates: meanUpdates(feeds),
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
  const { grain } = runs();
  assert.equal(await feeds.guaranteeOf(grain), null);
  log(grain, conflictingStep(1, { update: fine }), conflictingStep(2, { update: fine }));
  assert.equal(await feeds.guaranteeOf(grain), 'certified, no update conflicts');
  rmSync(grain.folder, { recursive: true });
  assert.equal(await new RunFeeds().guaranteeOf(grain), null);
});
