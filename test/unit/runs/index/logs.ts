/** Logs to index, and what their index must say. */
import assert from 'node:assert/strict';
import type { RunEvent, StepEvent } from '../../../../src/runs/events.ts';
import { diagnosticsOf } from '../../../../src/runs/facts.ts';
import { Digest } from '../../../../src/runs/index/digest.ts';
import type { RunIndex } from '../../../../src/runs/index/runIndex.ts';
import { seriesOf, valuesOf } from '../../../../src/runs/index/series.ts';
import type { WindowOfRun } from '../../../../src/runs/index/window.ts';
import type { RunManifest } from '../../../../src/runs/manifest.ts';
import { manifestOf } from '../manifest.ts';

export const manifest: RunManifest = manifestOf('r', {
  groups: { by: 'label', names: ['a', 'b', 'c'] },
});
const names = seriesOf(manifest);

export function textOf(events: readonly RunEvent[]): string {
  return events.map((event) => `${JSON.stringify(event)}\n`).join('');
}

/** Steps as a trainer logs them, with losses and gradients that differ. @param from number of the first */
export function stepsFrom(from: number, count: number): StepEvent[] {
  return Array.from({ length: count }, (_, i): StepEvent => {
    const step = from + i;
    const wave = Math.sin(step / 7);
    return {
      kind: 'step',
      at: 1000 + 10 * step,
      step,
      learningRate: 1 / step,
      groups: [0, 1],
      sizes: [4, 4],
      losses: [1 + wave, step % 97 === 0 ? null : 2 - wave],
      gram: [1 + wave ** 2, wave / 2, 1],
      weights: [0.5 + wave / 4, 0.5 - wave / 4],
      ms: { gradients: 3 + wave, aggregate: 0.5, update: 1 },
    };
  });
}

/** Of a step that was seen before: deriving is most of the work. */
const derived = new WeakMap<StepEvent, ReturnType<typeof derive>>();

function derive(step: StepEvent) {
  const diagnostics = diagnosticsOf(step);
  return { diagnostics, values: valuesOf(step, diagnostics, manifest) };
}

function derivedOf(step: StepEvent) {
  const known = derived.get(step) ?? derive(step);
  derived.set(step, known);
  return known;
}

/** What an index shows, by reading everything: each bucket from the values of its steps. */
function naiveWindow(steps: readonly StepEvent[], from: number, to: number, bucket: number) {
  const start = Math.floor((from - 1) / bucket) * bucket;
  const end = Math.min(steps.length, Math.ceil(to / bucket) * bucket);
  const buckets: StepEvent[][] = [];
  for (let at = start; at < end; at += bucket) {
    buckets.push(steps.slice(at, Math.min(at + bucket, end)));
  }
  const values = buckets.map((of) => of.map((step) => derivedOf(step).values));
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
        // Of the smallest numbers not even the first digit is exact.
        const bound = 1e-12 * size + 1e-300;
        assert(Math.abs(column.mean[i]! - mean) <= bound, `mean of ${name}`);
      }
    }
  }
}

/** Everything that a run's index shows is what its log says. @param skipped lines of the log that are not events */
export async function assertSame(
  read: RunIndex,
  events: readonly RunEvent[],
  skipped = 0,
): Promise<readonly StepEvent[]> {
  await read.refresh();
  const steps = events.filter((event) => event.kind === 'step');
  assert.equal(read.count, steps.length);
  const digest = new Digest(manifest);
  for (const event of events) {
    digest.add(event, event.kind === 'step' ? derivedOf(event).diagnostics : null);
  }
  for (let line = 0; line < skipped; line++) digest.skip();
  assert.deepEqual(read.digest.toJSON(), digest.toJSON());
  const rare = events.filter(({ kind }) => kind !== 'step' && kind !== 'validating');
  assert.deepEqual(await read.rare(), rare);
  assert.deepEqual(await read.lastStep(), steps.at(-1) ?? null);
  const all = { from: Number.MIN_SAFE_INTEGER, to: Number.MAX_SAFE_INTEGER };
  assertWindow(await read.window({ ...all, columns: 30 }, names), steps, 1, steps.length);
  return steps;
}

/** As {@link assertSame}, of steps that are numbered 1, 2, 3, …, and of a window of them: two places, and columns. */
export async function assertTrue(
  read: RunIndex,
  events: readonly RunEvent[],
  [a, b, columns]: [number, number, number],
): Promise<void> {
  const steps = await assertSame(read, events);
  const at = [a, b].map((place) => 1 + (place % Math.max(1, steps.length)));
  const [from, to] = [Math.min(...at), Math.max(...at)];
  assertWindow(await read.window({ from, to, columns }, names), steps, from, to);
  assert.deepEqual(await read.step(from), steps[from - 1] ?? null);
}
