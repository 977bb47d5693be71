import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, beforeEach, test } from 'node:test';
import fc from 'fast-check';
import type { RunEvent } from '../../../src/runs/events.ts';
import { EventWriter } from '../../../src/runs/eventWriter.ts';
import { readEvents } from '../../../src/runs/tail.ts';
import { anyEvent } from './events.ts';
import { EventTail } from './eventTail.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'grain-log-'));
const file = path.join(folder, 'events.jsonl');
after(() => rmSync(folder, { recursive: true }));
beforeEach(() => rmSync(file, { force: true }));

function write(events: readonly RunEvent[]): void {
  const writer = EventWriter.open(folder);
  for (const event of events) writer.append(event);
  writer.close();
}

const read = () => readEvents(folder);

test('events come back as they were written', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(anyEvent), async (events) => {
      rmSync(file, { force: true });
      write(events);
      assert.deepEqual(await read(), events);
    }),
    { numRuns: 100 },
  );
});

test('a log cut at any byte reads back a prefix, and is continued from there', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(anyEvent, { minLength: 1, maxLength: 6 }),
      fc.array(anyEvent, { minLength: 1, maxLength: 3 }),
      fc.nat(),
      async (events, more, cut) => {
        rmSync(file, { force: true });
        write(events);
        const whole = readFileSync(file);
        const kept = cut % (whole.length + 1);
        truncateSync(file, kept);

        const lines = whole.subarray(0, kept).filter((byte) => byte === 0x0a).length;
        const prefix = events.slice(0, lines);
        assert.deepEqual(await read(), prefix, 'every whole line, and nothing else');

        write(more);
        assert.deepEqual(await read(), [...prefix, ...more]);
        const text = readFileSync(file, 'utf8');
        assert.ok(text.endsWith('\n'));
        assert.equal(
          text.split('\n').length - 1,
          prefix.length + more.length,
          'nothing torn is left',
        );
      },
    ),
    { numRuns: 200 },
  );
});

test('a torn line longer than any block is cut off', async () => {
  write([{ kind: 'warning', at: 1, step: 1, message: 'kept' }]);
  const text = readFileSync(file, 'utf8');
  writeFileSync(file, text + 'x'.repeat(300_000));
  write([{ kind: 'warning', at: 2, step: 2, message: 'after' }]);
  assert.deepEqual(
    (await read()).map((event) => event.at),
    [1, 2],
  );
});

test('numbers that are not finite are null', async () => {
  const losses = [Number.NaN, Number.POSITIVE_INFINITY, 1];
  const event = {
    kind: 'step' as const,
    at: 1,
    step: 1,
    learningRate: 0.1,
    groups: [0, 1, 2],
    sizes: [1, 1, 1],
    losses,
    gram: [Number.NEGATIVE_INFINITY, 0, 0, 1, 0, 1],
    weights: [0, 0, 1],
    ms: { gradients: 0, aggregate: 0, update: 0 },
  };
  write([event]);
  assert.deepEqual(await read(), [
    { ...event, losses: [null, null, 1], gram: [null, 0, 0, 1, 0, 1] },
  ]);
});

test('numbers keep every bit', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.double({ noNaN: true, noDefaultInfinity: true })),
      async (values) => {
        rmSync(file, { force: true });
        const metrics = Object.fromEntries(values.map((value, i) => [`m${i}`, value]));
        write([{ kind: 'validation', at: 0, step: 0, metrics }]);
        const [event] = await read();
        assert.ok(event?.kind === 'validation');
        // JSON has one zero.
        values.forEach((value, i) => {
          assert.ok(Object.is(event.metrics[`m${i}`], value + 0));
        });
      },
    ),
    { numRuns: 50 },
  );
});

test('each append is one write: a reader in between sees whole lines only', async () => {
  const writer = EventWriter.open(folder);
  const tail = new EventTail(folder);
  for (let step = 1; step <= 20; step++) {
    writer.append({ kind: 'warning', at: 0, step, message: 'é'.repeat(step) });
    assert.ok(readFileSync(file, 'utf8').endsWith('\n'));
    assert.deepEqual(
      (await tail.read()).map((event) => event.kind === 'warning' && event.step),
      [step],
    );
  }
  writer.close();
});
