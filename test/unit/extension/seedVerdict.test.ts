import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import type { ValidatedRun } from '../../../src/experiment/validatedRuns.ts';
import { VerdictWatch } from '../../../src/extension/panels/seedVerdict.ts';
import { runFile } from '../../../src/runs/grainFolder.ts';
import type { Seed } from '../../../src/runs/manifest.ts';
import type { RunStatus } from '../../../src/runs/status.ts';
import { summary } from './fixtures.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'grain-verdict-'));
after(() => rmSync(folder, { recursive: true, force: true }));

function run(aggregator: string, seed: number, status: RunStatus, accuracy: number): ValidatedRun {
  const validations = [{ step: 200, metrics: { accuracy, loss: 1 - accuracy } }];
  return { run: { ...summary({ aggregator, seed, status }), folder }, validations };
}

test('the verdict follows runs as they end, and nothing else', async () => {
  const watch = new VerdictWatch();
  const ended = [0.9, 0.91, 0.89].map((accuracy, seed) => run('grain', seed, 'finished', accuracy));
  const others = [0.8, 0.86].map((accuracy, seed) => run('mean', seed, 'finished', accuracy));
  const training = (accuracy: number) => [...ended, ...others, run('mean', 2, 'running', accuracy)];
  const first = await watch.update(training(0.3), 'accuracy');
  assert.match(first.words[0]!, /^Provisional: 1 of 6 runs has yet to end/);
  assert.equal(
    await watch.update(training(0.5), 'accuracy'),
    first,
    'a validation on the way is no news',
  );
  const loss = await watch.update(training(0.5), 'loss');
  assert.match(loss.words[1]!, /In loss, /);

  // The first finished run that has predictions says what a constant prediction reaches.
  const line = (target: string, index: number) =>
    `${JSON.stringify({ index, target, prediction: 'a', probabilities: { a: 1, b: 0 } })}\n`;
  writeFileSync(runFile(folder, 'predictions'), ['a', 'a', 'a', 'b'].map(line).join(''));
  const last = await watch.update(
    [...ended, ...others, run('mean', 2, 'finished', 0.75)],
    'accuracy',
  );
  assert.match(last.words[0]!, /^grain and mean: .* In accuracy, .* In failures, no difference/);
  assert.deepEqual(
    last.table.rows.map(([method, seeds, , , , , , , failed]) => [method, seeds, failed]),
    [
      ['grain', '3', '0 of 3 [0 %, 56 %]'],
      ['mean', '3', '1 of 3 [6 %, 79 %]'],
    ],
  );
  assert.deepEqual(
    last.results.filter(({ failed }) => failed),
    [{ aggregator: 'mean', seed: '2', value: 0.75, failed: true }],
  );
  assert.match(last.notes.join('\n'), /mean, seed 2: no better than a constant prediction/);
});

test('of crossed seeds, and of a split that varies, it says where the variance comes from', async () => {
  const crossed = (seeds: readonly Seed[]) =>
    seeds.map((seed, i): ValidatedRun => {
      const accuracy = 0.8 + 0.05 * seed.init + 0.01 * seed.order + 0.001 * (i % 3);
      const made = summary({ seed, experiment: `e${i}`, status: 'finished' });
      return {
        run: { ...made, folder: `/crossed/${i}` },
        validations: [{ step: 200, metrics: { accuracy } }],
      };
    });
  const both = [0, 1, 2].flatMap((init) => [0, 1, 2].map((order) => ({ init, order })));
  const verdictOn = (seeds: readonly Seed[]) =>
    new VerdictWatch().update(crossed(seeds), 'accuracy');
  const said = async (seeds: readonly Seed[]) => (await verdictOn(seeds)).notes.join('\n');
  assert.match(
    await said(both),
    /Of the variance of accuracy with grain: \d+ % .*init.*order.*what they decide together/s,
  );
  const [matrix, ...others] = (await verdictOn(both)).crossed;
  assert.deepEqual(others, []);
  assert.deepEqual(
    [matrix!.rowTitle, matrix!.columnTitle, matrix!.rows],
    ['initialization', 'order of the examples', ['0', '1', '2']],
  );
  assert.ok(Math.abs(matrix!.values[2]![1]! - (0.8 + 0.1 + 0.01 + 0.001)) < 1e-12);
  const withSplit = both.map(({ init, order }) => ({ init, order: 0, split: order }));
  assert.match(await said(withSplit), /Of the variance of accuracy with grain: .*split/);
});
