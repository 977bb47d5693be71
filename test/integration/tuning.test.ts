import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { launchResultSchema } from '../../src/experiment/launchResult.ts';
import { fullReportSchema } from '../../src/experiment/report/fullReport.ts';
import { RunStore } from '../../src/runs/store.ts';
import { readEvents } from '../../src/runs/tail.ts';
import { grain, startGrain } from './grain.ts';
import { writeRings } from './rings.ts';

const root = mkdtempSync(path.join(tmpdir(), 'grain-tuning-'));
after(() => rmSync(root, { recursive: true, force: true, maxRetries: 5 }));

const config = (aggregate: string) => ({
  ...{ steps: '12', evaluateEvery: '12', seeds: '[0]', aggregate },
  // With a rate of 1e-7 nothing is learned.
  tune: '{ learningRates: [1e-7, 0.01, 0.05], seeds: 1 }',
  ...{ task: 'classification', metric: 'mcc' },
});

test('every method trains with the rate that was best for it, later seeds too', async () => {
  writeRings(root, config('[grain, mean]'));
  const first = await grain(['run', 'grain.yaml', '--json'], root);
  assert.equal(first.status, 0, first.stderr);
  assert.match(first.stderr, /grain: learning rate 0\.0[15]/);
  const more = await grain(['run', 'grain.yaml', '--add-seeds', '1', '--json'], root);
  assert.equal(more.status, 0, more.stderr);
  const result = launchResultSchema.parse(JSON.parse(more.stdout));
  assert.ok('findings' in result);
  assert.equal(result.findings.runs.length, 4, 'tuning runs are experiments of their own');

  const all = await new RunStore(root).list();
  const own = all.filter(({ manifest }) => manifest.experiment.id === result.experiment.id);
  const tuning = all.filter((run) => !own.includes(run));
  assert.deepEqual([own.length, tuning.length], [4, 6]);
  assert.ok(tuning.every(({ manifest }) => manifest.seed.init === 1_000_000));
  assert.ok(tuning.every(({ manifest }) => manifest.experiment.tunes === result.experiment.id));
  const { stdout } = await grain(['runs'], root);
  assert.match(stdout, new RegExp(`${result.experiment.id}: tuning +6 finished`));
  for (const run of own) {
    const { learningRate } = run.manifest.config.optimizer as { learningRate: number };
    const best = tuning
      .filter(({ manifest }) => manifest.aggregator === run.manifest.aggregator)
      .sort((a, b) => b.lastMetric!.value - a.lastMetric!.value);
    const rates = best.map(
      ({ manifest }) => (manifest.config.optimizer as { learningRate: number }).learningRate,
    );
    assert.ok(learningRate > 1e-7 && rates.includes(learningRate));
    const tied = best.filter(({ lastMetric }) => lastMetric!.value === best[0]!.lastMetric!.value);
    assert.ok(
      tied.some(
        ({ manifest }) =>
          (manifest.config.optimizer as { learningRate: number }).learningRate === learningRate,
      ),
    );
    const step = (await readEvents(run.folder)).find((event) => event.kind === 'step');
    assert.equal(step!.learningRate, learningRate, 'and trains with it');
  }
  const report = await grain(['report', 'grain.yaml', '--json'], root);
  const { setting } = fullReportSchema.parse(JSON.parse(report.stdout));
  assert.deepEqual(Object.keys(setting.learningRates), ['grain', 'mean']);

  // Where a method is left out, the others go on; a new one would not have been tuned.
  writeRings(root, config('[mean]'));
  const fewer = await grain(['run', 'grain.yaml', '--add-seeds', '1', '--json'], root);
  assert.equal(fewer.status, 0, fewer.stderr);
  writeRings(root, config('[mean, pcgrad]'));
  const untuned = await grain(['run', 'grain.yaml', '--add-seeds', '1', '--json'], root);
  assert.equal(untuned.status, 2);
  assert.match(untuned.stderr, /pcgrad joined the methods after their learning rates were tuned/);
});

test('a tuning that was killed goes on, and meanwhile hides no experiment', async () => {
  const folder = path.join(root, 'killed');
  writeRings(folder, { ...config('[mean]'), tune: '{ learningRates: [0.01, 0.05], seeds: 1 }' });
  const first = await grain(['run', 'grain.yaml', '--json'], folder);
  const known = launchResultSchema.parse(JSON.parse(first.stdout));
  assert.ok('experiment' in known, first.stderr);

  const store = new RunStore(folder);
  const { child, ended } = startGrain(['run', 'grain.yaml'], folder);
  while ((await store.list()).length < 5) {
    assert.equal(child.exitCode, null);
    await sleep(10);
  }
  child.kill('SIGKILL');
  await ended;
  const more = await grain(['run', 'grain.yaml', '--add-seeds', '1', '--json'], folder);
  const added = launchResultSchema.parse(JSON.parse(more.stdout));
  assert.ok('experiment' in added, more.stderr);
  assert.equal(added.experiment.id, known.experiment.id);

  const again = await grain(['run', 'grain.yaml'], folder);
  assert.equal(again.status, 0, again.stderr);
  const runs = await store.list();
  assert.ok(runs.every(({ status }) => status === 'finished'));
  // Two of each tuning, one of each experiment, and the seed that was added.
  assert.equal(runs.length, 7);
});
