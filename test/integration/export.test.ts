import assert from 'node:assert/strict';
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { parquetMetadata } from 'hyparquet';
import { type Scalar, scalarsOf } from '../../src/runs/export/scalars.ts';
import { csvLines, writeParquet } from '../../src/runs/export/table.ts';
import { eventRecords } from '../../src/runs/export/tensorboard.ts';
import { runFile } from '../../src/runs/grainFolder.ts';
import { RunStore, type RunSummary } from '../../src/runs/store.ts';
import { readEvents } from '../../src/runs/tail.ts';
import { crc32c } from '../../src/runs/tensorboard/records.ts';
import { hasPython, python } from '../python/python.ts';
import { grain } from './grain.ts';
import { writeRings } from './rings.ts';

let folder: string;
let runs: RunSummary[];
const needsPython = hasPython() ? {} : { skip: 'npm run test:setup makes the Python of the tests' };

before(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'grain-export-'));
  writeRings(folder, { steps: '6', evaluateEvery: '3', groups: '{ by: label }' });
  await grain(['run', 'grain.yaml', '--json'], folder);
  runs = await new RunStore(folder).list();
  assert.equal(runs.length, 2);
});
after(() => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }));

async function loggedBy(run: RunSummary): Promise<Scalar[]> {
  const scalars: Scalar[] = [];
  for await (const scalar of scalarsOf(run)) scalars.push(scalar);
  return scalars;
}

async function exported(to: string): Promise<string> {
  const { experiment } = runs[0]!.manifest;
  const { status, stdout, stderr } = await grain(['export', experiment.id, '--to', to], folder);
  assert.equal(status, 0, stderr);
  return path.join(folder, /^2 runs in (.*)$/m.exec(stdout)![1]!);
}

test('CSV has a row for each number of the log', async () => {
  const [head, ...rows] = readFileSync(await exported('csv'), 'utf8')
    .trim()
    .split('\n');
  assert.equal(head, 'run,experiment,method,init,order,split,step,time,series,value');
  const all = await Promise.all(runs.map(loggedBy));
  assert.equal(rows.length, all.flat().length);
  const { manifest } = runs[0]!;
  const validation = rows.find(
    (row) =>
      row.startsWith(`${manifest.id},`) &&
      row.includes(',6,') &&
      row.includes('validation/accuracy'),
  );
  assert.equal(Number(validation?.split(',').at(-1)), runs[0]!.lastMetric!.value);
  assert.ok(rows.some((row) => row.includes(',weight/inner,')));
});

test('TensorBoard reads every series as it was logged', needsPython, async () => {
  const written = await exported('tensorboard');
  assert.deepEqual(readdirSync(written).sort(), runs.map(({ manifest }) => manifest.id).sort());
  for (const run of runs) {
    const read = JSON.parse(
      await python('exports_peer.py', ['tensorboard', path.join(written, run.manifest.id)]),
    ) as Record<string, [number, number, number][]>;
    const scalars = await loggedBy(run);
    assert.deepEqual(
      Object.keys(read).sort(),
      [...new Set(scalars.map(({ series }) => series))].sort(),
    );
    for (const [series, points] of Object.entries(read)) {
      const logged = scalars.filter((scalar) => scalar.series === series);
      assert.deepEqual(
        points,
        logged.map(({ step, value, at }) => [step, Math.fround(value), at / 1000]),
      );
    }
  }
});

test('Arrow reads the Parquet file as what was logged', needsPython, async () => {
  const rows = JSON.parse(
    await python('exports_peer.py', ['parquet', await exported('parquet')]),
  ) as {
    run: string;
    step: number;
    series: string;
    value: number;
    time: number;
  }[];
  const logged = await Promise.all(
    runs.map(async (run) =>
      (await loggedBy(run)).map(({ step, series, value, at }) => ({
        ...{ run: run.manifest.id, step, series, value, time: at / 1000 },
      })),
    ),
  );
  assert.deepEqual(
    rows.map(({ run, step, series, value, time }) => ({ run, step, series, value, time })),
    logged.flat(),
  );
});

test('a long log is read as its numbers are asked for, and Parquet written a group of rows at a time', async () => {
  const STEPS = 2000;
  const long = path.join(folder, 'long');
  mkdirSync(long);
  const step = (await readEvents(runs[0]!.folder)).find(({ kind }) => kind === 'step');
  const lines = Array.from(
    { length: STEPS },
    (_, i) => `${JSON.stringify({ ...step, step: i + 1 })}\n`,
  );
  const log = runFile(long, 'events');
  const run = { ...runs[0]!, folder: long };
  for (const read of [scalarsOf, (one: RunSummary) => csvLines([one]), eventRecords]) {
    writeFileSync(log, lines.join(''));
    let whole = 0;
    for await (const _ of read(run)) whole++;
    assert.ok(whole >= STEPS);
    // What has not been read when the log is cut is not told.
    const told = read(run);
    await told.next();
    await told.next();
    truncateSync(log);
    let rest = 0;
    for await (const _ of told) rest++;
    assert.ok(rest > 0 && rest < whole / 2, `${rest} of ${whole}`);
  }
  writeFileSync(log, lines.join(''));
  const file = path.join(folder, 'long.parquet');
  await writeParquet(file, [run]);
  const bytes = readFileSync(file);
  const { num_rows, row_groups } = parquetMetadata(
    bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length),
  );
  assert.equal(Number(num_rows), (await loggedBy(run)).length);
  assert.ok(row_groups.length > 1);
});

test('the checksum is that of RFC 3720', () => {
  assert.equal(crc32c(Buffer.from('123456789')), 0xe3069283);
  assert.equal(crc32c(new Uint8Array(32)), 0x8a9136aa);
});

test('a file that is there is replaced only if asked', async () => {
  const { experiment } = runs[0]!.manifest;
  writeFileSync(path.join(folder, 'mine.csv'), 'text,label\n');
  const into = ['export', experiment.id, '--to', 'csv', '--out', 'mine.csv'];
  const refused = await grain(into, folder);
  assert.equal(refused.status, 2);
  assert.match(refused.stderr, /mine\.csv exists\. Expected another --out, or --force/);
  const report = await grain(['report', experiment.id, '--out', 'mine.csv'], folder);
  assert.equal(report.status, 2);
  assert.equal(readFileSync(path.join(folder, 'mine.csv'), 'utf8'), 'text,label\n');
  assert.equal((await grain([...into, '--force'], folder)).status, 0);
  assert.match(readFileSync(path.join(folder, 'mine.csv'), 'utf8'), /^run,experiment,method/);
});

test('a run that is not there, and a format that is not known, are errors of the command line', async () => {
  const missing = await grain(['export', 'none', '--to', 'csv'], folder);
  assert.deepEqual([missing.status, missing.stderr.trim()], [2, 'error: no run matches "none"']);
  const unknown = await grain(['export', 'none', '--to', 'xlsx'], folder);
  assert.equal(unknown.status, 2);
  assert.match(unknown.stderr, /Allowed choices are csv, parquet, tensorboard/);
});
