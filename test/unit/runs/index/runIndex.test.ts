import assert from 'node:assert/strict';
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, beforeEach, test } from 'node:test';
import fc from 'fast-check';
import type { RunEvent } from '../../../../src/runs/events.ts';
import { fenceOff } from '../../../../src/runs/fence.ts';
import { indexFolder } from '../../../../src/runs/index/head.ts';
import { indexInWorker } from '../../../../src/runs/index/indexInWorker.ts';
import { IndexWriter } from '../../../../src/runs/index/indexWriter.ts';
import { LogIndex } from '../../../../src/runs/index/logIndex.ts';
import { RunIndex } from '../../../../src/runs/index/runIndex.ts';
import { RunLog } from '../../../../src/runs/runLog.ts';
import { readEvents } from '../../../../src/runs/tail.ts';
import { anyEvent } from '../events.ts';
import { EventTail } from '../eventTail.ts';
import { assertSame, assertTrue, manifest, stepsFrom, textOf } from './logs.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'grain-index-'));
const file = path.join(folder, 'events.jsonl');
const index = path.join(folder, 'index');
after(() => rmSync(folder, { recursive: true }));
beforeEach(() => {
  rmSync(file, { force: true });
  rmSync(index, { recursive: true, force: true });
});

const run = { folder, manifest };
/** Events whose steps are numbered 1, 2, 3, … as a trainer numbers them. */
const anyLog = fc.array(anyEvent, { maxLength: 150, size: 'max' }).map((events) => {
  let step = 0;
  return events.map((event) => (event.kind === 'step' ? { ...event, step: ++step } : event));
});

/** A text in pieces cut at any bytes. */
function pieces(text: string, cuts: readonly number[]): Buffer[] {
  const bytes = Buffer.from(text);
  const places = [...cuts.map((cut) => cut % (bytes.length + 1)), 0, bytes.length].sort(
    (a, b) => a - b,
  );
  return places.slice(1).map((end, i) => bytes.subarray(places[i], end));
}

const anyWindow = fc.tuple(fc.nat(), fc.nat(), fc.integer({ min: 1, max: 40 }));

test('however a log grows, and whoever indexes it meanwhile, its index shows what the log says', async () => {
  await fc.assert(
    fc.asyncProperty(
      anyLog,
      fc.array(fc.tuple(fc.nat(), fc.constantFrom('write', 'reopen', 'read')), { maxLength: 6 }),
      anyWindow,
      async (events, turns, window) => {
        rmSync(file, { force: true });
        rmSync(index, { recursive: true, force: true });
        const cuts = turns.map(([cut]) => cut);
        let follower = await RunIndex.open(run);
        for (const [i, piece] of pieces(textOf(events), cuts).entries()) {
          appendFileSync(file, piece);
          const turn = turns[i]?.[1];
          if (turn === 'write') await writeIndex();
          else if (turn === 'reopen') follower = await RunIndex.open(run);
          await follower.refresh();
        }
        await assertTrue(follower, events, window);
        await assertTrue(await RunIndex.open(run), events, window);
        await writeIndex();
        const indexed = await RunIndex.open(run);
        assert.equal(indexed.digest.progress.changedAt, events.at(-1)?.at ?? null);
        await assertTrue(indexed, events, window);
        assert.equal(indexed.generation, 0);
      },
    ),
    { numRuns: 60 },
  );
});

/** A log over three levels of buckets, with a spike in one step. */
const LONG = 5000;
const SPIKE = 3210;
const long: RunEvent[] = [
  { kind: 'start', at: 1, pid: 1, fromStep: 0 },
  ...stepsFrom(1, LONG).map((event) =>
    event.step === SPIKE ? { ...event, losses: [900, 900], gram: [1, -0.9, 1] } : event,
  ),
  { kind: 'end', at: 60_000, step: LONG, status: 'finished' as const },
];

test('windows of a long log are those of all its steps, and none loses a spike', async () => {
  writeFileSync(file, textOf(long));
  const read = await RunIndex.open(run);
  await assertTrue(read, long, [0, LONG - 1, 40]);
  await fc.assert(
    fc.asyncProperty(
      fc.nat(LONG - 1),
      fc.nat(LONG - 1),
      fc.integer({ min: 1, max: 900 }),
      (...of) => assertTrue(read, long, of),
    ),
    { numRuns: 15 },
  );
  for (let columns = 1; columns <= 1000; columns += 37) {
    const { series, first, last } = await read.window({ from: 1, to: LONG, columns }, ['loss']);
    assert(first.length <= columns);
    const at = first.findIndex((step, i) => step <= SPIKE && SPIKE <= last[i]!);
    assert.equal(series.loss!.max[at], 900);
  }
});

test('a log that is cut, deleted or replaced by one of the same size or longer is read anew', async () => {
  const followed = async (before: readonly RunEvent[], now: readonly RunEvent[]) => {
    rmSync(index, { recursive: true, force: true });
    writeFileSync(file, textOf(before));
    const follower = await RunIndex.open(run);
    await follower.refresh();
    const { generation } = follower;
    writeFileSync(file, textOf(now));
    await assertTrue(follower, now, [0, now.length, 10]);
    assert.equal(follower.generation, generation + 1);
    await assertTrue(await RunIndex.open(run), now, [0, now.length, 10]);
  };
  const others = stepsFrom(1, LONG).map((event) => ({ ...event, at: event.at + 1 }));
  await followed(long, stepsFrom(1, 20));
  await followed(long, long.slice(0, 3000));
  await followed(stepsFrom(1, 2000), others.slice(0, 2000));
  await followed(stepsFrom(1, 2000), others);
  await followed(stepsFrom(1, 3), others);

  rmSync(file);
  const read = await RunIndex.open(run);
  await read.refresh();
  assert.equal(read.count, 0);
});

test('a log with damaged bytes is indexed as it is read', async () => {
  const text = Buffer.from(textOf([...long.slice(0, 60), ...long.slice(-1)]));
  const damages: ((bytes: Buffer, at: number, by: number) => Buffer<ArrayBuffer>)[] = [
    (bytes, at, by) => Buffer.from(bytes).fill(by % 256, at, at + 1),
    (bytes, at, by) => Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + (by % 300))]),
    (bytes, at, by) =>
      Buffer.concat([bytes.subarray(0, at), Buffer.alloc(by % 300), bytes.subarray(at)]),
    (bytes, at, by) =>
      Buffer.concat([bytes.subarray(0, at), bytes.subarray(by % at), bytes.subarray(at)]),
  ];
  const anyDamage = fc.tuple(fc.constantFrom(...damages), fc.nat(), fc.nat());
  await fc.assert(
    fc.asyncProperty(fc.array(anyDamage, { minLength: 1, maxLength: 4 }), async (strokes) => {
      const bytes = strokes.reduce(
        (damaged, [damage, at, by]) => damage(damaged, 1 + (at % (damaged.length - 1)), by),
        text,
      );
      rmSync(index, { recursive: true, force: true });
      writeFileSync(file, bytes);
      const tail = new EventTail(folder);
      await assertSame(await RunIndex.open(run), await tail.read(), tail.skipped);
      await writeIndex();
      await assertSame(await RunIndex.open(run), await readEvents(folder), tail.skipped);
    }),
    { numRuns: 60 },
  );
});

test('a damaged or missing file of an index is made anew', async () => {
  writeFileSync(file, textOf(long));
  await writeIndex();
  const folderOfIndex = indexFolder(folder);
  const names = readdirSync(folderOfIndex).sort();
  assert.deepEqual(names.slice(0, 4), ['head', 'level-1.bin', 'level-2.bin', 'level-3.bin']);
  assert.deepEqual(names.slice(-2), ['rare.jsonl', 'steps.bin']);
  const damages: ((bytes: Buffer, at: number) => Buffer | null)[] = [
    () => null,
    () => Buffer.alloc(0),
    (bytes, at) => bytes.subarray(0, at),
    (bytes, at) => Buffer.from(bytes).fill(0, at),
    (bytes, at) => Buffer.from(bytes).fill(bytes[at]! ^ 0x10, at, at + 1),
    (bytes, at) => Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + 8)]),
  ];
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...names),
      fc.constantFrom(...damages),
      fc.nat(),
      async (name, damage, place) => {
        const damaged = path.join(folderOfIndex, name);
        const bytes = readFileSync(damaged);
        const changed = damage(bytes, place % bytes.length);
        if (changed === null) rmSync(damaged);
        else writeFileSync(damaged, changed);
        const read = await RunIndex.open(run);
        await assertTrue(read, long, [0, LONG - 1, 300]);
        await assertTrue(read, long, [place, place + 400, 500]);
        await writeIndex();
      },
    ),
    { numRuns: 12 },
  );
});

test('the same of a log so long that another thread indexes it', async () => {
  writeFileSync(path.join(folder, 'run.json'), JSON.stringify(manifest));
  const longer: RunEvent[] = [...long.slice(0, -1), ...stepsFrom(LONG + 1, 6000)];
  writeFileSync(file, textOf(longer));
  const read = await RunIndex.open(run);
  const done: number[] = [];
  await read.refresh((share) => done.push(share));
  assert(done.length > 0, 'it is read in this thread');
  await assertTrue(read, longer, [0, longer.length, 300]);

  const others = stepsFrom(1, 12_000).map((event) => ({ ...event, at: event.at + 1 }));
  writeFileSync(file, textOf(others));
  await assertTrue(read, others, [0, others.length, 300]);
  assert.equal(read.generation, 1);

  const damaged = path.join(indexFolder(folder), 'level-1.bin');
  writeFileSync(damaged, readFileSync(damaged).fill(0, 5000, 6000));
  await assertTrue(await RunIndex.open(run), others, [0, others.length, 300]);
  rmSync(index, { recursive: true });
  await assertTrue(await RunIndex.open(run), others, [0, others.length, 300]);
});

test('an index of another version is left alone by readers, and removed by the next trainer', async () => {
  writeFileSync(file, textOf(long));
  const others = ['0.1', '1.999'].map((name) => path.join(index, name));
  for (const other of others) {
    mkdirSync(other, { recursive: true });
    writeFileSync(path.join(other, 'head'), '{}');
  }
  await assertTrue(await RunIndex.open(run), long, [0, LONG, 100]);
  assert(others.every((other) => existsSync(other)));
  await IndexWriter.open(run);
  assert.deepEqual(readdirSync(index), [path.basename(indexFolder(folder))]);
});

test('several readers index a log at once', async () => {
  writeFileSync(file, textOf(long));
  writeFileSync(path.join(folder, 'run.json'), JSON.stringify(manifest));
  const readers = await Promise.all(Array.from({ length: 4 }, () => RunIndex.open(run)));
  const inWorkers = [0, 1].map(() => indexInWorker({ folder, index: indexFolder(folder) }));
  await Promise.all([...inWorkers, ...readers.map((reader) => reader.refresh())]);
  for (const reader of [...readers, await RunIndex.open(run)]) {
    await assertTrue(reader, long, [0, LONG - 1, 200]);
  }
});

test('where the index cannot be written the log is read all the same, and trained on', async () => {
  writeFileSync(file, textOf(long));
  // A file in the place of the folder, as permissions do not stop a superuser.
  writeFileSync(index, '');
  const own = () => readdirSync(tmpdir()).filter((name) => name.startsWith('grain-own-index-'));
  const before = own();
  const read = await RunIndex.open(run);
  await assertTrue(read, long, [0, LONG - 1, 200]);
  assert.equal(own().length, before.length + 1, 'it is made elsewhere');
  read.dispose();
  assert.equal(own().length, before.length);

  const log = await RunLog.open(folder, { manifest, onEvent: () => {}, assertHeld: () => {} });
  for (const { kind, at, ...facts } of stepsFrom(LONG + 1, 600)) log.step(facts);
  log.close();
  assert.equal((await readEvents(folder)).length, long.length + 600);
});

test('a trainer that lost its run writes nothing to its index', async () => {
  let isHeld = true;
  const log = await RunLog.open(folder, {
    manifest,
    onEvent: () => {},
    assertHeld: () => {
      if (!isHeld) throw new Error('taken over');
    },
  });
  for (const { kind, at, ...facts } of stepsFrom(1, 300)) log.step(facts);
  const head = path.join(indexFolder(folder), 'head');
  const written = readFileSync(head, 'utf8');
  isHeld = false;
  assert.throws(() => log.step(stepsFrom(301, 1)[0]!), /taken over/);
  log.close();
  assert.equal(readFileSync(head, 'utf8'), written);
});

test('a trainer that wakes up after its run was taken over harms no index', async () => {
  const open = () => RunLog.open(folder, { manifest, onEvent: () => {}, assertHeld: () => {} });
  const suspended = await open();
  for (const { kind, at, ...facts } of stepsFrom(1, 300)) suspended.step(facts);
  fenceOff(folder);
  const owner = await open();
  for (const { kind, at, ...facts } of stepsFrom(301, 600))
    owner.step({ ...facts, learningRate: 7 });
  // It had looked whether the run is its own just before it was suspended.
  for (const { kind, at, ...facts } of stepsFrom(301, 300)) suspended.step(facts);
  suspended.close();
  const read = await RunIndex.open(run);
  await assertTrue(read, await readEvents(folder), [0, 899, 450]);
  owner.close();
  await assertTrue(read, await readEvents(folder), [0, 899, 1000]);
  await assertTrue(await RunIndex.open(run), await readEvents(folder), [250, 350, 1000]);
});

test('an index that is deleted under a trainer is made anew by readers', async () => {
  const log = await RunLog.open(folder, { manifest, onEvent: () => {}, assertHeld: () => {} });
  for (const { kind, at, ...facts } of stepsFrom(1, 300)) log.step(facts);
  rmSync(index, { recursive: true });
  for (const { kind, at, ...facts } of stepsFrom(301, 300)) log.step(facts);
  const read = await RunIndex.open(run);
  await assertTrue(read, await readEvents(folder), [0, 599, 1000]);
  for (const { kind, at, ...facts } of stepsFrom(601, 300)) log.step(facts);
  log.close();
  await assertTrue(read, await readEvents(folder), [0, 899, 1000]);
  await assertTrue(await RunIndex.open(run), await readEvents(folder), [0, 899, 1000]);
});

/** Extends what is written, as a trainer does. */
async function writeIndex(): Promise<void> {
  const log = await LogIndex.open({ ...run, index: indexFolder(folder) });
  let offset = log.place.offset;
  const bytes = existing(file);
  for (let end = bytes.indexOf('\n', offset); end >= 0; end = bytes.indexOf('\n', offset)) {
    log.add({ offset, bytes: bytes.subarray(offset, end) });
    offset = end + 1;
  }
  log.write();
  log.close();
}

function existing(of: string): Buffer {
  try {
    return readFileSync(of);
  } catch {
    return Buffer.alloc(0);
  }
}
