import assert from 'node:assert/strict';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { eventFileName, eventRecords } from '../../src/runs/export/tensorboard.ts';
import { RunStore, type RunSummary } from '../../src/runs/store.ts';
import { readEvents } from '../../src/runs/tail.ts';
import { scalarsIn, type TaggedScalar } from '../../src/runs/tensorboard/eventFile.ts';
import { record } from '../../src/runs/tensorboard/records.ts';
import { hasPython, python } from '../python/python.ts';
import { conflictingStep, log, stored, summary } from '../unit/extension/fixtures.ts';
import { grain } from './grain.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'grain-import-'));
after(() => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }));

/** A project without runs. */
function project(name: string): string {
  const root = path.join(folder, name);
  mkdirSync(root);
  return root;
}

async function readAll(file: string): Promise<TaggedScalar[]> {
  const scalars: TaggedScalar[] = [];
  for await (const scalar of scalarsIn(file)) scalars.push(scalar);
  return scalars;
}

describe('files of PyTorch’s SummaryWriter', {
  skip: hasPython() ? false : 'npm run test:setup makes the Python of the tests',
}, () => {
  const logs = path.join(folder, 'logs');
  let read: Record<string, Record<string, [number, number | null][]>>;
  let runs: RunSummary[];

  before(async () => {
    mkdirSync(logs);
    const text = await python('imports_peer.py', [logs]);
    read = JSON.parse(text.replaceAll('NaN', 'null'));
    const root = project('torch');
    const { status, stdout, stderr } = await grain(
      ['import', logs, '--root', root, '--json'],
      folder,
    );
    assert.equal(status, 0, stderr);
    assert.equal(JSON.parse(stdout).experiment.name, 'logs');
    runs = await new RunStore(root).list();
  });

  test('each folder is a run with method and seed, whose metrics rank as ours do', () => {
    assert.deepEqual(
      runs.map(({ manifest, status, step }) => [
        ...[manifest.aggregator, manifest.seed.init, manifest.metric.name, manifest.metric.better],
        ...[status, step],
      ]),
      ['baseline', 'larger'].flatMap((method) =>
        [0, 1].map((seed) => [method, seed, 'accuracy', 'higher', 'finished', 20]),
      ),
    );
    for (const { lastMetric, bestMetric } of runs) {
      assert.ok(lastMetric!.value >= 0.9 - 1e-6);
      assert.equal(bestMetric, lastMetric!.value);
    }
  });

  test('every value is as TensorBoard reads it', async () => {
    for (const { folder: at, manifest } of runs) {
      const series = read[`${manifest.aggregator}_seed${manifest.seed.init}`]!;
      const events = await readEvents(at);
      const steps = events.filter((event) => event.kind === 'step');
      assert.deepEqual(
        steps.map(({ step, losses }) => [step, losses[0]]),
        series['train/loss']!.toSorted(([one], [other]) => one - other),
      );
      assert.deepEqual(
        steps.map(({ step, learningRate }) => [step, learningRate]),
        series['train/learning_rate'],
      );
      const metric = (name: string) =>
        events.flatMap((event) =>
          event.kind === 'validation' && event.metrics[name] !== undefined
            ? [[event.step, event.metrics[name]]]
            : [],
        );
      assert.deepEqual(metric('accuracy'), series['eval/accuracy']);
      assert.deepEqual(metric('loss'), series['eval/loss']);
      assert.equal(series['eval/loss']![0]![1], null, 'the one that was not finite');
    }
  });

  test('they are shown like other runs', async () => {
    const root = path.join(folder, 'torch');
    const [run] = runs;
    const { status, stdout, stderr } = await grain(
      ['show', run!.manifest.id, '--root', root],
      folder,
    );
    assert.equal(status, 0, stderr);
    assert.match(stdout, /accuracy/);
    const resumed = await grain(
      ['run', '--resume', run!.manifest.id, '--steps', '40', '--out', root],
      folder,
    );
    assert.notEqual(resumed.status, 0, 'there is nothing to train on with');
  });
});

describe('damaged files', () => {
  const logs = path.join(folder, 'damaged');
  const file = path.join(logs, 'events.out.tfevents.1.host');
  let whole: Buffer;
  let records: Buffer[];

  before(async () => {
    mkdirSync(logs);
    const run = stored(summary());
    const validated = { kind: 'validation', at: 3, step: 1, metrics: { accuracy: 0.5 } } as const;
    log(run, conflictingStep(1), validated, conflictingStep(2));
    records = [];
    for await (const bytes of eventRecords(run)) records.push(bytes);
    whole = Buffer.concat(records);
    assert.ok(eventFileName(run).includes('tfevents'));
  });

  test('what was exported is read again, number by number', async () => {
    writeFileSync(file, whole);
    const scalars = await readAll(file);
    assert.ok(scalars.some(({ tag, value }) => tag === 'validation/accuracy' && value === 0.5));
    assert.equal(scalars.length, records.length - 1, 'all but the version of the format');
  });

  test('a byte that was changed anywhere is found, at the record that it is in', async () => {
    for (let at = 0; at < whole.length; at += 7) {
      const damaged = Buffer.from(whole);
      damaged[at]! ^= 0x10;
      writeFileSync(file, damaged);
      let offset = 0;
      for (const { length } of records) {
        if (at < offset + length) break;
        offset += length;
      }
      await assert.rejects(readAll(file), new RegExp(`: byte ${offset}: `), `byte ${at}`);
    }
  });

  test('so is the end of a file within a record, and a record that is not an event', async () => {
    for (const length of [1, 11, 12, whole.length - 1]) {
      writeFileSync(file, whole.subarray(0, length));
      await assert.rejects(readAll(file), /: byte \d+: the file ends within a record/);
    }
    for (const bytes of [[0x0a], [0x0a, 0x7f], [0x07], [0x2a, 2, 0x0a, 9]]) {
      writeFileSync(file, record(Buffer.from(bytes)));
      await assert.rejects(readAll(file), /: byte 0: a record is not an event/, String(bytes));
    }
    writeFileSync(file, '');
    await assert.rejects(readAll(file), /: byte 0: the file is empty/);
    writeFileSync(file, 'version https://git-lfs.github.com/spec/v1\noid sha256:1\n');
    await assert.rejects(readAll(file), /: byte 0: the file is a Git LFS pointer.*git lfs pull/);
  });

  test('a record of many blocks is read once', async () => {
    // Field 9, which no event has, of 40 MB.
    const data = Buffer.concat([Buffer.from('4a80b48913', 'hex'), Buffer.alloc(40_000_000)]);
    writeFileSync(file, whole);
    const scalars = await readAll(file);
    writeFileSync(file, Buffer.concat([record(data), whole]));
    assert.deepEqual(await readAll(file), scalars);
  });

  test('the command refuses them, says where, and stores nothing', async () => {
    writeFileSync(file, whole.subarray(0, -3));
    const root = project('refused');
    const { status, stderr } = await grain(['import', logs, '--root', root], folder);
    assert.equal(status, 2);
    const last = whole.length - records.at(-1)!.length;
    assert.match(
      stderr,
      new RegExp(`tfevents.1.host: byte ${last}: the file ends within a record`),
    );
    assert.equal(existsSync(path.join(root, '.grain')), false);
  });

  test('a folder without event files, and a series that no run has, are told', async () => {
    const root = project('empty');
    const none = await grain(['import', root, '--root', root], folder);
    assert.equal(none.status, 2);
    assert.match(none.stderr, /There are no event files in /);
    writeFileSync(file, whole);
    const typo = await grain(['import', logs, '--root', root, '--loss', 'los'], folder);
    assert.match(typo.stderr, /No run has a series "los"\. Expected one of train\/loss, /);
    assert.deepEqual(readdirSync(root), []);
  });
});
