import assert from 'node:assert/strict';
import fs, { appendFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, beforeEach, test } from 'node:test';
import fc from 'fast-check';
import type { RunEvent } from '../../../src/runs/events.ts';
import { ProgressTail } from '../../../src/runs/index/progressTail.ts';
import { readEvents } from '../../../src/runs/tail.ts';
import { anyEvent } from './events.ts';
import { EventTail } from './eventTail.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'grain-tail-'));
const file = path.join(folder, 'events.jsonl');
after(() => rmSync(folder, { recursive: true }));
beforeEach(() => rmSync(file, { force: true }));

const textOf = (events: readonly RunEvent[]) =>
  events.map((event) => `${JSON.stringify(event)}\n`).join('');

/** A text in pieces cut at any bytes, characters of several bytes included. */
function pieces(text: string, cuts: readonly number[]): Buffer[] {
  const bytes = Buffer.from(text);
  const places = [...cuts.map((cut) => cut % (bytes.length + 1)), 0, bytes.length].sort(
    (a, b) => a - b,
  );
  return places.slice(1).map((end, i) => bytes.subarray(places[i], end));
}

test('however a log grows, each event is read once, in order', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(anyEvent),
      fc.array(fc.nat(), { maxLength: 8 }),
      async (events, cuts) => {
        rmSync(file, { force: true });
        const tail = new EventTail(folder);
        const read: RunEvent[] = await tail.read();
        for (const piece of pieces(textOf(events), cuts)) {
          appendFileSync(file, piece);
          read.push(...(await tail.read()));
        }
        assert.deepEqual(read, events);
        assert.equal(tail.skipped, 0);
        assert.deepEqual(await tail.read(), []);
      },
    ),
    { numRuns: 150 },
  );
});

/** Of a run that logs no steps, as an imported one may be, its end says how far it came. */
function stepAfter(events: readonly RunEvent[]): number {
  return events.reduce((step, event) => {
    if (event.kind === 'step') return event.step;
    return event.kind === 'end' ? Math.max(step, event.step) : step;
  }, 0);
}

test('however a log grows, progress is that of the whole', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(anyEvent),
      fc.array(fc.nat(), { maxLength: 8 }),
      async (events, cuts) => {
        rmSync(file, { force: true });
        const tail = new ProgressTail(folder);
        for (const piece of pieces(textOf(events), cuts)) {
          appendFileSync(file, piece);
          await tail.read();
        }
        const progress = await tail.read();
        const last = <K extends RunEvent['kind']>(...kinds: K[]) =>
          events.findLast((event): event is Extract<RunEvent, { kind: K }> =>
            kinds.includes(event.kind as K),
          );
        const end = last('start', 'end');
        assert.equal(progress.step, stepAfter(events));
        const latest = events.at(-1);
        assert.equal(progress.validating, latest?.kind === 'validating' ? latest.done : null);
        assert.equal(
          progress.lifecycle,
          end ? (end.kind === 'start' ? 'started' : end.status) : null,
        );
        assert.equal(
          progress.startedAt,
          events.find((event) => event.kind === 'start')?.at ?? null,
        );
        assert.equal(progress.endedAt, end?.kind === 'end' ? end.at : null);
        // Not every validation has every metric.
        const metrics = events.map((event) => (event.kind === 'validation' ? event.metrics : {}));
        assert.deepEqual(progress.metrics, Object.assign({}, ...metrics));
      },
    ),
    { numRuns: 150 },
  );
});

test('only what was added is read', async (t) => {
  const event: RunEvent = { kind: 'warning', at: 0, step: 0, message: 'x'.repeat(1000) };
  writeFileSync(file, textOf(Array.from({ length: 2000 }, () => event)));
  const tail = new EventTail(folder);
  assert.equal((await tail.read()).length, 2000);

  let bytes = 0;
  const probe = await fs.promises.open(file);
  const handle = Object.getPrototypeOf(probe);
  await probe.close();
  const { read } = handle;
  t.mock.method(handle, 'read', async function (this: fs.promises.FileHandle, ...args: unknown[]) {
    const result = await read.apply(this, args);
    bytes += result.bytesRead;
    return result;
  });
  appendFileSync(file, textOf([event]));
  assert.equal((await tail.read()).length, 1);
  // The last line again, to see that the file is the same.
  assert.equal(bytes, 2 * Buffer.byteLength(textOf([event])));
});

test('lines that are not events are counted, unknown kinds are not; empty files are empty', async () => {
  writeFileSync(
    file,
    [
      '{"kind":"start","at":1,"pid":2,"fromStep":0}',
      '{"kind":"thought","at":1}',
      'not json',
      '[]',
      'null',
      '{"at":3}',
      '',
      '\u0000\u0000',
      '{"kind":"warning","at":4,"step":1,"message":"m","more":true}',
      '',
    ].join('\n'),
  );
  const tail = new EventTail(folder);
  const events = await tail.read();
  assert.deepEqual(
    events.map(({ kind }) => kind),
    ['start', 'warning'],
  );
  assert.equal(tail.skipped, 6);
  writeFileSync(file, '');
  assert.deepEqual(await readEvents(folder), []);
});

test('an event must have the fields of its kind, and may have more', async () => {
  const step = {
    kind: 'step',
    at: 1,
    step: 1,
    learningRate: 1,
    groups: [0, 1],
    sizes: [3, 4],
    losses: [0.5, null],
    gram: [1, null, 2],
    weights: [0.5, 0.5],
    ms: { gradients: 1, aggregate: 1, update: 1 },
  };
  const whole = [
    step,
    { kind: 'start', at: 1, pid: 2, fromStep: 0 },
    { kind: 'validating', at: 1, step: 1, done: 0.5 },
    { kind: 'validation', at: 1, step: 1, metrics: { accuracy: null } },
    { kind: 'checkpoint', at: 1, step: 1, path: 'checkpoints/x', best: false },
    { kind: 'warning', at: 1, step: 1, message: 'm' },
    { kind: 'end', at: 1, step: 1, status: 'failed', failure: { code: 'unknown', message: 'm' } },
  ];
  const spoilt = whole.flatMap((event) =>
    Object.keys(event)
      .filter((field) => field !== 'kind')
      .map((field) => ({ ...event, [field]: ['of', 'no', "field's", 'type'] })),
  );
  writeFileSync(
    file,
    [...whole.map((event) => ({ ...event, more: 1 })), ...spoilt, { ...step, gram: [1, 'x', 2] }]
      .map((event) => `${JSON.stringify(event)}\n`)
      .join(''),
  );
  const tail = new EventTail(folder);
  assert.deepEqual(
    (await tail.read()).map(({ kind }) => kind),
    whole.map(({ kind }) => kind),
  );
  assert.equal(tail.skipped, spoilt.length + 1);
});

test('a line longer than a block; a block full of lines', async () => {
  const long: RunEvent = { kind: 'warning', at: 0, step: 0, message: 'é'.repeat(700_000) };
  const short: RunEvent = { kind: 'warning', at: 0, step: 1, message: '' };
  const events = [short, long, ...Array.from({ length: 10_000 }, () => short), long, short];
  writeFileSync(file, textOf(events));
  assert.deepEqual(await readEvents(folder), events);
});

test('a log that became shorter, or was replaced by a longer one, is read from its start', async () => {
  const event = (step: number): RunEvent => ({ kind: 'warning', at: 0, step, message: 'm' });
  writeFileSync(file, textOf([event(1), event(2), event(3)]));
  const tail = new EventTail(folder);
  const progress = new ProgressTail(folder);
  await tail.read();
  await progress.read();
  writeFileSync(file, textOf([event(4)]));
  assert.deepEqual(await tail.read(), [event(4)]);
  assert.equal((await progress.read()).startedAt, null);
  const others = [event(5), event(6)];
  writeFileSync(file, textOf(others));
  assert.deepEqual(await tail.read(), others);
});

test('reads that overlap take turns: no event twice', async () => {
  const event: RunEvent = { kind: 'warning', at: 0, step: 0, message: '' };
  writeFileSync(file, textOf(Array.from({ length: 50 }, () => event)));
  const tail = new EventTail(folder);
  const reads = await Promise.all([tail.read(), tail.read(), tail.read()]);
  assert.deepEqual(
    reads.map(({ length }) => length),
    [50, 0, 0],
  );
});
