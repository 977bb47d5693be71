import assert from 'node:assert/strict';
import { appendFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, beforeEach, test } from 'node:test';
import fc from 'fast-check';
import type { RunEvent, StepEvent } from '../../../../src/runs/events.ts';
import { diagnosticsOf } from '../../../../src/runs/facts.ts';
import { Digest } from '../../../../src/runs/index/digest.ts';
import { indexFolder } from '../../../../src/runs/index/head.ts';
import { LogIndex } from '../../../../src/runs/index/logIndex.ts';
import { RunIndex } from '../../../../src/runs/index/runIndex.ts';
import { seriesOf, valuesOf } from '../../../../src/runs/index/series.ts';
import type { WindowOfRun } from '../../../../src/runs/index/window.ts';
import type { RunManifest } from '../../../../src/runs/manifest.ts';
import { anyEvent } from '../events.ts';
import { manifestOf } from '../manifest.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'grain-index-'));
const file = path.join(folder, 'events.jsonl');
const index = path.join(folder, 'index');
after(() => rmSync(folder, { recursive: true }));
beforeEach(() => {
  rmSync(file, { force: true });
  rmSync(index, { recursive: true, force: true });
});

const manifest: RunManifest = manifestOf('r', { groups: { by: 'label', names: ['a', 'b', 'c'] } });
const run = { folder, manifest };
const names = seriesOf(manifest);

const textOf = (events: readonly RunEvent[]) =>
  events.map((event) => `${JSON.stringify(event)}\n`).join('');

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

/** What an index shows, by reading everything: each bucket from the values of its steps. */
function naiveWindow(steps: readonly StepEvent[], from: number, to: number, bucket: number) {
  const start = Math.floor((from - 1) / bucket) * bucket;
  const end = Math.min(steps.length, Math.ceil(to / bucket) * bucket);
  const buckets: StepEvent[][] = [];
  for (let at = start; at < end; at += bucket) {
    buckets.push(steps.slice(at, Math.min(at + bucket, end)));
  }
  const values = buckets.map((of) =>
    of.map((step) => valuesOf(step, diagnosticsOf(step), manifest)),
  );
  return {
    first: buckets.map((of) => of[0]!.step),
    last: buckets.map((of) => of.at(-1)!.step),
    at: buckets.map((of) => of.at(-1)!.at),
    series: Object.fromEntries(
      names.map((name, s) => {
        const columns = values.map((of) => of.map((value) => value[s]!));
        const finite = columns.map((of) => of.filter(Number.isFinite));
        return [
          name,
          {
            min: finite.map((of) => (of.length === 0 ? Number.NaN : Math.min(...of))),
            max: finite.map((of) => (of.length === 0 ? Number.NaN : Math.max(...of))),
            mean: finite.map((of) => of.reduce((sum, value) => sum + value / of.length, 0)),
            last: columns.map((of) => of.at(-1)!),
            known: columns.map((of) => of.filter((value) => !Number.isNaN(value)).length),
            nonFinite: columns.map((of) => of.filter((value) => value === Infinity).length),
          },
        ];
      }),
    ),
  };
}

function assertWindow(window: WindowOfRun, steps: readonly StepEvent[], from: number, to: number) {
  const expected = naiveWindow(steps, from, to, window.bucket);
  assert.deepEqual([...window.first], expected.first);
  assert.deepEqual([...window.last], expected.last);
  assert.deepEqual([...window.at], expected.at);
  for (const [name, column] of Object.entries(window.series)) {
    assert(column);
    const of = expected.series[name]!;
    for (const figure of ['min', 'max', 'last', 'known', 'nonFinite'] as const) {
      assert.deepEqual([...column[figure]], of[figure], `${figure} of ${name}`);
    }
    for (const [i, mean] of of.mean.entries()) {
      const [min, max] = [of.min[i]!, of.max[i]!];
      if (Number.isNaN(min)) assert(Number.isNaN(column.mean[i]!));
      else {
        const size = Math.max(Math.abs(min), Math.abs(max));
        assert(Math.abs(column.mean[i]! - mean) <= 1e-12 * size, `mean of ${name}`);
      }
    }
  }
}

/** Everything that a run's index shows is what its log says. */
async function assertTrue(
  read: RunIndex,
  events: readonly RunEvent[],
  window: [number, number, number],
) {
  await read.refresh();
  const steps = events.filter((event) => event.kind === 'step');
  assert.equal(read.count, steps.length);
  const digest = new Digest(manifest);
  for (const event of events)
    digest.add(event, event.kind === 'step' ? diagnosticsOf(event) : null);
  assert.deepEqual(read.digest.toJSON(), digest.toJSON());
  const rare = events.filter(({ kind }) => kind !== 'step' && kind !== 'validating');
  assert.deepEqual(await read.rare(), rare);
  assert.deepEqual(await read.lastStep(), steps.at(-1) ?? null);
  const [a, b, columns] = window;
  const at = [a, b].map((place) => 1 + (place % Math.max(1, steps.length)));
  const [from, to] = [Math.min(...at), Math.max(...at)];
  assertWindow(await read.window({ from, to, columns }, names), steps, from, to);
  assert.deepEqual(await read.step(from), steps[from - 1] ?? null);
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
    { numRuns: 100 },
  );
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
}

function existing(of: string): Buffer {
  try {
    return readFileSync(of);
  } catch {
    return Buffer.alloc(0);
  }
}
