import assert from 'node:assert/strict';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, beforeEach, test } from 'node:test';
import type { RunEvent } from '../../../src/runs/events.ts';
import { EventWriter } from '../../../src/runs/eventWriter.ts';
import type { RunFailure } from '../../../src/runs/failure.ts';
import { NO_NOTES } from '../../../src/runs/notes.ts';
import { takeOwnership } from '../../../src/runs/owner.ts';
import { resolveRun, resolveRuns } from '../../../src/runs/reference.ts';
import { RunStore } from '../../../src/runs/store.ts';
import { manifestOf } from './manifest.ts';

const base = mkdtempSync(path.join(tmpdir(), 'grain-store-'));
const root = path.join(base, '.grain', 'runs');
after(() => rmSync(base, { recursive: true }));
beforeEach(() => rmSync(root, { recursive: true, force: true }));

function log(folder: string, ...events: RunEvent[]): void {
  const writer = EventWriter.open(folder);
  for (const event of events) writer.append(event);
  writer.close();
}

const start = (at = 1): RunEvent => ({ kind: 'start', at, pid: 1, fromStep: 0 });
const end = (status: 'finished' | 'stopped'): RunEvent => ({ kind: 'end', at: 9, step: 2, status });
const failure: RunFailure = { code: 'nonFiniteLoss', message: 'NaN' };
const failedEnd: RunEvent = { kind: 'end', at: 9, step: 2, status: 'failed', failure };
const validation = (step: number, accuracy: number | null): RunEvent => ({
  kind: 'validation',
  at: 2,
  step,
  metrics: { loss: 3, accuracy },
});
const step = (number: number): RunEvent => ({
  kind: 'step',
  at: 2,
  step: number,
  learningRate: 1,
  groups: [0],
  sizes: [1],
  losses: [1],
  gram: [1],
  weights: [1],
  ms: { gradients: 0, aggregate: 0, update: 0 },
});

test('listing an empty folder creates nothing', async () => {
  assert.deepEqual(await new RunStore(base).list(), []);
  assert.equal(existsSync(root), false);
});

test('folders of runs without a readable manifest are named; a byte order mark and a link do no harm', async () => {
  const store = new RunStore(base);
  const folders = ['marked', 'torn', 'without'].map((id) => store.create(manifestOf(id)).path);
  const [marked, torn, without] = folders.map((folder) => path.join(folder, 'run.json'));
  writeFileSync(marked!, `\uFEFF${readFileSync(marked!, 'utf8')}`);
  writeFileSync(torn!, readFileSync(torn!, 'utf8').slice(0, 100));
  log(folders[2]!, start());
  rmSync(without!);
  mkdirSync(path.join(root, 'of-another-tool'));
  renameSync(folders[0]!, path.join(base, 'elsewhere'));
  symlinkSync(path.join(base, 'elsewhere'), folders[0]!);
  const runs = await store.list();
  assert.deepEqual(
    runs.map(({ manifest }) => manifest.id),
    ['marked'],
  );
  assert.deepEqual(store.unreadable, folders.slice(1));
  rmSync(path.join(base, 'elsewhere'), { recursive: true });
});

test('a run through its life', async () => {
  const store = new RunStore(base);
  const { path: folder } = store.create(manifestOf('a'));
  const only = async () => {
    const [summary, ...others] = await store.list();
    assert.deepEqual(others, []);
    return summary!;
  };
  assert.equal((await only()).status, 'interrupted', 'nobody will start it');
  const ownership = await takeOwnership(folder);
  assert.deepEqual(await only(), {
    manifest: manifestOf('a'),
    status: 'queued',
    step: 0,
    validating: null,
    lastMetric: null,
    bestMetric: null,
    startedAt: null,
    endedAt: null,
    changedAt: null,
    failure: null,
    alarms: [],
    warned: null,
    notes: NO_NOTES,
    folder,
  });
  log(folder, start(5), validation(0, 0.5), step(1), step(2));
  const running = await only();
  assert.equal(running.status, 'running');
  assert.equal(running.step, 2);
  assert.equal(running.startedAt, 5);
  assert.deepEqual(running.lastMetric, { name: 'accuracy', value: 0.5 });
  log(folder, { kind: 'validating', at: 4, step: 2, done: 0.25 });
  assert.equal((await only()).validating, 0.25);
  ownership.release();
  const killed = await only();
  assert.deepEqual([killed.status, killed.validating], ['interrupted', null]);
  const next = await takeOwnership(folder);
  log(folder, validation(1, 0.4));
  log(folder, { kind: 'warning', at: 6, step: 1, message: 'Slow.' });
  log(folder, validation(2, null));
  assert.equal((await only()).validating, null);
  log(folder, failedEnd);
  assert.equal((await only()).status, 'queued', 'its owner is about to resume it');
  next.release();
  const failed = await only();
  assert.equal(failed.bestMetric, 0.5);
  assert.deepEqual(failed.warned, { count: 1, last: 'Slow.' });
  assert.equal(failed.status, 'failed');
  assert.deepEqual(failed.failure, failure);
  assert.equal(failed.endedAt, 9);
  assert.equal(failed.changedAt, 9);
  assert.ok(Number.isNaN(failed.lastMetric?.value));
  const another = await takeOwnership(folder);
  log(folder, start(20));
  const resumed = await only();
  assert.deepEqual([resumed.status, resumed.startedAt, resumed.endedAt], ['running', 5, null]);
  assert.equal('error' in resumed, false);
  another.release();
  assert.equal((await only()).status, 'interrupted');
  log(folder, end('finished'));
  assert.equal((await only()).status, 'finished');
});

test('another store, which reads all at once, sees the same', async () => {
  const store = new RunStore(base);
  for (const id of ['a', 'b', 'c']) {
    const { path: folder } = store.create(manifestOf(id));
    await store.list();
    log(folder, start(), validation(0, 0.1), step(1));
    await store.list();
    log(folder, step(2), validation(2, 0.2), end('stopped'));
  }
  assert.deepEqual(await new RunStore(base).list(), await store.list());
});

test('the manifest is on disk as it is documented, and a run is created once', () => {
  const store = new RunStore(base);
  const { path: folder } = store.create(manifestOf('a'));
  assert.deepEqual(
    JSON.parse(readFileSync(path.join(folder, 'run.json'), 'utf8')),
    manifestOf('a'),
  );
  assert.deepEqual(readdirSync(folder), ['run.json'], 'and nothing is left of writing it');
  assert.throws(() => store.create(manifestOf('a')), /EEXIST/);
});

test('of several runs all are created or none', () => {
  const store = new RunStore(base);
  store.create(manifestOf('old'));
  const ids = () => readdirSync(root).sort();
  assert.throws(() => store.createAll([manifestOf('a'), manifestOf('old')]), /EEXIST/);
  assert.deepEqual(ids(), ['old']);
  // What cannot be written as JSON stands for a disk that is full.
  assert.throws(() => store.createAll([manifestOf('a'), manifestOf('b', { config: { x: 1n } })]));
  assert.deepEqual(ids(), ['old']);
  const made = store.createAll([manifestOf('a'), manifestOf('b')]);
  assert.deepEqual(
    made.map(({ id }) => id),
    ['a', 'b'],
  );
  assert.deepEqual(ids(), ['a', 'b', 'old']);
});

test('folders that are not runs are skipped', async () => {
  const store = new RunStore(base);
  store.create(manifestOf('good'));
  for (const [name, text] of [
    ['empty', null],
    ['broken', '{'],
    ['later', JSON.stringify({ ...manifestOf('later'), format: 2 })],
    ['nothing', 'null'],
    ['half', JSON.stringify({ ...manifestOf('half'), seed: undefined })],
    ['undated', JSON.stringify(manifestOf('undated', { createdAt: 'yesterday' }))],
  ] as const) {
    mkdirSync(path.join(root, name));
    if (text !== null) writeFileSync(path.join(root, name, 'run.json'), text);
  }
  writeFileSync(path.join(root, 'a-file'), '');
  mkdirSync(path.join(root, 'folders', 'run.json'), { recursive: true });
  mkdirSync(path.join(store.create(manifestOf('odd')).path, 'events.jsonl'));
  const ids = (await store.list()).map(({ manifest }) => manifest.id);
  assert.deepEqual(ids, ['good']);
});

test('events without the fields of their kind do not hide the runs', async () => {
  const store = new RunStore(base);
  const { path: folder } = store.create(manifestOf('a'));
  writeFileSync(
    path.join(folder, 'events.jsonl'),
    [
      JSON.stringify(start(5)),
      '{"kind":"validation","at":6,"step":1}',
      '{"kind":"start","at":1e300,"pid":1,"fromStep":0}',
      '{"kind":"end","at":7,"step":1,"status":"done"}',
      '{"kind":"step","at":8,"step":9}',
      '',
    ].join('\n'),
  );
  const [run, ...others] = await store.list();
  assert.deepEqual(others, []);
  assert.deepEqual([run?.status, run?.step, run?.startedAt], ['interrupted', 0, 5]);
});

test('a run that was renamed is found by its new name; one that was deleted is gone', async () => {
  const store = new RunStore(base);
  store.create(manifestOf('old'));
  await store.list();
  renameSync(path.join(root, 'old'), path.join(root, 'new'));
  const [renamed, ...others] = await store.list();
  assert.deepEqual(others, []);
  assert.equal(renamed?.manifest.id, 'new');
  await store.delete('new');
  assert.deepEqual(await store.list(), []);
  assert.equal(existsSync(path.join(root, 'new')), false);
});

test('a run that a process works on is not deleted', async () => {
  const store = new RunStore(base);
  const { path: folder } = store.create(manifestOf('a'));
  const ownership = await takeOwnership(folder);
  await assert.rejects(store.delete('a'), /a is queued/);
  log(folder, start());
  await assert.rejects(store.delete('a'), /a is running/);
  log(folder, end('finished'));
  await store.delete('a');
  ownership.release();
});

test('who lists once sees which runs of other machines live, whatever their clocks say', async () => {
  const store = new RunStore(base);
  const files = ['live', 'dead', 'fast'].map((id) => {
    const { path: folder } = store.create(manifestOf(id));
    log(folder, start());
    const file = path.join(folder, 'owner.json');
    const owner = { pid: 1, host: 'elsewhere', since: '2026-01-01T00:00:00.000Z', token: id };
    writeFileSync(file, JSON.stringify(owner));
    return file;
  });
  const touch = (file: string, seconds: number) =>
    utimesSync(file, Date.now() / 1000 + seconds, Date.now() / 1000 + seconds);
  const beat = () => {
    touch(files[0]!, -3600);
    touch(files[2]!, 1800);
  };
  beat();
  touch(files[1]!, -3600);
  const beating = setInterval(beat, 500);
  const statuses = (await store.listWatching()).map(({ manifest, status }) => [
    manifest.id,
    status,
  ]);
  clearInterval(beating);
  assert.deepEqual(statuses, [
    ['dead', 'interrupted'],
    ['fast', 'running'],
    ['live', 'running'],
  ]);
});

test('ids cannot lead out of the folder', () => {
  const store = new RunStore(base);
  for (const id of ['', '.', '..', '../a', 'a/b', 'a\\b', '/etc', '.hidden']) {
    assert.throws(() => store.open(id), RangeError, id);
  }
});

test('a request to stop is a file', async () => {
  const store = new RunStore(base);
  const { path: folder } = store.create(manifestOf('a'));
  await store.requestStop('a');
  assert.ok(existsSync(path.join(folder, 'stop')));
});

test('runs are referred to by id, by the start of one, or by their experiment', async () => {
  const store = new RunStore(base);
  for (const id of ['e1-grain-seed1', 'e1-grain-seed10', 'e1-mean-seed1']) {
    store.create(manifestOf(id, { experiment: { id: 'e1', name: 'e' } }));
  }
  const all = await store.list();
  assert.equal(resolveRun(all, 'e1-grain-seed1').manifest.id, 'e1-grain-seed1');
  assert.equal(resolveRun(all, 'e1-m').manifest.id, 'e1-mean-seed1');
  assert.equal(resolveRuns(all, 'e1').length, 3);
  assert.equal(resolveRuns(all, 'e1-m').length, 1);
  assert.throws(() => resolveRun(all, 'e2'), { message: 'no run matches "e2"' });
  assert.throws(() => resolveRun(all, 'e1-grain'), {
    message: '"e1-grain" matches several runs:\n  e1-grain-seed1\n  e1-grain-seed10',
  });
});

test('hundreds of runs: the first list parses few steps, the next reads nothing', async () => {
  const store = new RunStore(base);
  for (let i = 0; i < 300; i++) {
    const { path: folder } = store.create(manifestOf(`run-${i}`));
    const line = JSON.stringify({ ...step(1), gram: Array.from({ length: 36 }, () => Math.PI) });
    writeFileSync(path.join(folder, 'events.jsonl'), `${line}\n`.repeat(300));
  }
  // Processor time: what else the machine does takes none of it.
  const milliseconds = ({ user, system }: NodeJS.CpuUsage) => (user + system) / 1000;
  const start = process.cpuUsage();
  assert.equal((await store.list()).length, 300);
  const first = milliseconds(process.cpuUsage(start));
  const listed = process.cpuUsage();
  await store.list();
  const again = milliseconds(process.cpuUsage(listed));
  assert.ok(first < 5_000, `${first} ms`);
  assert.ok(again < 1_000, `${again} ms`);
});
