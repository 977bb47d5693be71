/** Runs that are trained at the same time, each in a process of its own. */
import assert from 'node:assert/strict';
import { appendFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { launchResultSchema } from '../../src/experiment/launchResult.ts';
import { RunStore } from '../../src/runs/store.ts';
import { readEvents } from '../../src/runs/tail.ts';
import { killQueue } from '../faults/queueKills.ts';
import { grain, startGrain } from './grain.ts';
import { writeRings } from './rings.ts';

function temporary(): string {
  const folder = mkdtempSync(path.join(tmpdir(), 'grain-concurrency-'));
  after(() => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }));
  return folder;
}

test('killed at random moments, an experiment resumes, and ends as if nothing had happened', async () => {
  const { coordinators, trainers } = await killQueue(2, 1);
  assert.equal(coordinators + trainers, 2);
});

test('stopping an experiment ends the runs that are trained and those that wait', async () => {
  const root = temporary();
  writeRings(root, {
    ...{ steps: '2000', evaluateEvery: '2000', concurrency: '2' },
    seeds: '[0, 1]',
    optimizer: '{ name: sgd, learningRate: 0.01 }',
  });
  const { child, ended } = startGrain(['run', 'grain.yaml', '--json'], root);
  const store = new RunStore(root);
  const running = async () => (await store.list()).filter(({ step }) => step > 0);
  while ((await running()).length < 2) {
    assert.equal(child.exitCode, null);
    await sleep(50);
  }
  const runs = await store.list();
  assert.equal(runs.filter(({ status }) => status === 'queued').length, 2);
  const stopped = await grain(['stop', runs[0]!.manifest.experiment.id, '--wait'], root);
  assert.equal(stopped.status, 0, stopped.stderr);
  const { status, stdout } = await ended;
  assert.equal(status, 130);
  const result = launchResultSchema.parse(JSON.parse(stdout));
  assert.ok('runs' in result);
  assert.deepEqual(
    result.runs.map((run) => run.status),
    Array(4).fill('stopped'),
  );
  for (const { folder } of runs) {
    assert.equal((await readEvents(folder)).filter(({ kind }) => kind === 'end').length, 1);
  }
});

test('a run that its process cannot begin fails with the reason, and the others are trained', async () => {
  const root = temporary();
  writeRings(root, { steps: '5', evaluateEvery: '5', concurrency: '2', seeds: '[0, 1]' });
  const { child, ended } = startGrain(['run', 'grain.yaml', '--json'], root);
  const store = new RunStore(root);
  while ((await store.list()).length < 4) {
    assert.equal(child.exitCode, null);
    await sleep(10);
  }
  appendFileSync(path.join(root, 'rings.csv'), '1,1,inner\n');
  const { status, stdout } = await ended;
  assert.equal(status, 1);
  const result = launchResultSchema.parse(JSON.parse(stdout));
  assert.ok('runs' in result);
  const failed = result.runs.filter((run) => run.status === 'failed');
  assert.ok(failed.length >= 2);
  for (const { failure, id } of failed) {
    assert.match(failure!.message, /rings.csv changed since the run began/);
    assert.match(failure!.advice!, new RegExp(`grain run --resume ${id}`));
  }
  const events = await readEvents(failed[0]!.folder);
  assert.deepEqual(
    events.map(({ kind }) => kind),
    ['end'],
  );
});
