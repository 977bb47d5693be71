import assert from 'node:assert/strict';
import { appendFileSync, rmSync } from 'node:fs';
import { after, test } from 'node:test';
import { sampleStandardDeviation } from 'simple-statistics';
import { runFile } from '../../../src/runs/grainFolder.ts';
import { ComparedView, comparedRuns, lineOf } from '../../webview/comparison.ts';

const { runs, root } = comparedRuns();
const view = new ComparedView(runs);
after(() => {
  view.content.dispose();
  rmSync(root, { recursive: true, force: true });
});

test('runs of several launches are grouped by launch and method at first', async () => {
  const { groups, by, metric, better, unit, end } = await view.show();
  assert.deepEqual(
    [by, metric, better, unit, end],
    [['launch', 'method'], 'loss', 'lower', 'step', 200],
  );
  assert.deepEqual(
    groups.map(({ seeds, aggregator }) => [aggregator.split(' · ').at(-1), seeds.length]),
    [
      ['grain', 3],
      ['mean', 3],
      ['grain', 3],
      ['mean', 3],
    ],
  );
  const [first] = groups;
  for (const { step, mean, std, n } of first!.band) {
    const values = first!.seeds.map(({ points }) => points.find((p) => p.step === step)!.value!);
    assert.ok(Math.abs(mean - values.reduce((a, b) => a + b) / 3) < 1e-12);
    assert.ok(Math.abs(std! - sampleStandardDeviation(values)) < 1e-12);
    assert.equal(n, 3);
  }
});

test('they are averaged by a key of the config, or not at all', async () => {
  const byRate = await view.show({ type: 'groupBy', by: ['key:optimizer.learningRate'] });
  assert.deepEqual(
    byRate.groups.map(({ aggregator, seeds }) => [aggregator, seeds.length]),
    [
      ['learningRate 0.001', 6],
      ['learningRate 0.003', 6],
    ],
  );
  assert.equal(byRate.facets.find(({ id }) => id === 'key:batchSize')?.label, 'batchSize');
  assert.equal(byRate.facets[0]?.label, 'Launch (2)', 'what differs is offered first');
  const alone = await view.show({ type: 'groupBy', by: [] });
  assert.equal(alone.groups.length, 12);
  assert.equal(new Set(alone.groups.map(({ aggregator }) => aggregator)).size, 12);
});

test('a pinned baseline is compared with seed by seed', async () => {
  const { groups } = await view.show({ type: 'groupBy', by: ['launch', 'method'] });
  const [grain, mean, , later] = groups;
  const pinned = await view.show({ type: 'pin', baseline: mean!.key });
  const finals = (group: typeof grain) => group!.seeds.map(({ points }) => points.at(-1)!.value!);
  const expected = finals(grain).map((value, i) => value - finals(mean)[i]!);
  const { difference } = pinned.groups[0]!;
  assert.equal(difference?.pairs, 3);
  assert.ok(Math.abs(difference.difference - expected.reduce((a, b) => a + b) / 3) < 1e-12);
  assert.ok(difference.interval!.low < difference.difference);
  assert.equal(pinned.groups[1]!.difference, null, 'the baseline itself');
  assert.equal(pinned.groups[3]!.difference?.pairs, 2, 'the run that goes on has no result yet');
  assert.equal(later!.final?.n, 2);
  const row = pinned.runs.find(({ id }) => id === grain!.seeds[1]!.runId);
  assert.ok(Math.abs(row!.difference!.difference - expected[1]!) < 1e-12);
  assert.equal((await view.show({ type: 'pin', baseline: null })).groups[0]!.difference, null);
});

test('only keys that differ are told, with a value for each variant', async () => {
  const { differences, runs: rows } = await view.show();
  assert.deepEqual(differences.rows, [
    { key: 'optimizer.learningRate', values: ['0.001', '0.003'] },
  ]);
  assert.equal(differences.titles.length, 2);
  assert.deepEqual([rows[0]?.values, rows.at(-1)?.values], [['0.001'], ['0.003']]);
});

test('the training loss comes in as many columns as are asked for, all ending at the same steps', async () => {
  const request = { type: 'selectMetric', metric: 'training loss' } as const;
  const { bucket, groups } = await view.show(request, {
    ...{ type: 'window', from: null, to: null, columns: 50 },
  });
  assert.equal(bucket, 4);
  for (const { seeds } of groups) {
    assert.ok(seeds.every(({ points }) => points.every(({ step }) => step % 4 === 0)));
  }
  assert.equal(groups[0]!.band.length, 50);
  const zoomed = await view.show({ type: 'window', from: 101, to: 120, columns: 50 });
  assert.equal(zoomed.bucket, 1);
  assert.deepEqual(
    zoomed.groups[0]!.band.map(({ step }) => step),
    Array.from({ length: 20 }, (_, i) => 101 + i),
  );
  await view.show({ type: 'window', from: null, to: null, columns: 1000 });
});

test('what a run logs while it is compared follows', async () => {
  const before = await view.show({ type: 'selectMetric', metric: 'loss' });
  const last = runs.at(-1)!;
  const event = { kind: 'validation', at: 0, step: 125, metrics: { loss: 700 } } as const;
  appendFileSync(runFile(last.folder, 'events'), lineOf(event));
  const after = await view.show();
  const of = ({ runs }: typeof before) => runs.find(({ id }) => id === last.folder);
  assert.equal(of(before)!.last === 700, false);
  assert.deepEqual([of(after)!.last, of(after)!.best], [700, of(before)!.best]);
});

test('the axis counts what the logs of all runs have: a run twice as fast is at the same step in half the time', async () => {
  await view.show({ type: 'groupBy', by: ['launch'] });
  const byTime = await view.show({ type: 'count', unit: 'time' });
  assert.deepEqual(byTime.units, ['step', 'examples', 'time'], 'epochs of unknown length');
  const [slow, fast] = byTime.groups.map(({ band }) => band).sort((a, b) => b[0]!.at! - a[0]!.at!);
  for (const [i, { step, at }] of fast!.entries()) {
    assert.equal(at, 10 * (step - 1), 'since the first step');
    assert.equal(slow![i]!.at, 20 * (step - 1));
  }
  assert.equal(byTime.end, 20 * 199);
  const examples = await view.show({ type: 'count', unit: 'examples' });
  const taken = new Map(runs.map(({ folder, step }) => [folder, step]));
  for (const { runId, points } of examples.groups.flatMap(({ seeds }) => seeds)) {
    // The last run has logged a validation after the last of its steps.
    for (const { step, at } of points) assert.equal(at, 32 * Math.min(step, taken.get(runId)!));
  }
});

test('a part of the time is zoomed into, in each run at its own steps', async () => {
  await view.show(
    { type: 'selectMetric', metric: 'training loss' },
    { type: 'count', unit: 'time' },
  );
  const window = { type: 'window', from: 500, to: 1000, columns: 4000 } as const;
  const { groups, bucket } = await view.show(window);
  assert.equal(bucket, 1);
  const spans = groups.map(({ seeds }) => seeds[0]!.points.map(({ step }) => step));
  assert.deepEqual(
    spans.map((steps) => [steps[0], steps.at(-1)]).sort((a, b) => a[0]! - b[0]!),
    [
      [26, 51],
      [51, 101],
    ],
  );
  const again = await view.show({ type: 'count', unit: 'step' });
  assert.deepEqual([again.end, again.groups[0]!.band[0]!.step], [200, 1], 'all of it');
  assert.equal(again.groups[0]!.band[0]!.at, undefined);
});
