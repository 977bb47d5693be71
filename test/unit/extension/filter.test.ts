import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Order, orderOf, parseFilter } from '../../../src/extension/explorer/filter.ts';
import { buildTree } from '../../../src/extension/explorer/tree.ts';
import { summary } from './fixtures.ts';

const good = summary({
  ...{ aggregator: 'grain', lastMetric: { name: 'accuracy', value: 0.9 }, step: 200 },
  notes: { starred: true, tags: ['Baseline'], note: 'worth a look' },
});
const bad = summary({
  ...{
    aggregator: 'mean',
    status: 'failed',
    lastMetric: { name: 'accuracy', value: 0.5 },
    step: 30,
  },
});
const fresh = summary({ aggregator: 'mean', status: 'queued', step: 0 });

function found(text: string): string {
  const names = [good, bad, fresh].filter(parseFilter(text));
  return names.map((run) => ['good', 'bad', 'fresh'][[good, bad, fresh].indexOf(run)]).join();
}

test('every word of a filter has to fit', () => {
  assert.equal(found(''), 'good,bad,fresh');
  assert.equal(found('mean'), 'bad,fresh');
  assert.equal(found('MEAN failed'), 'bad');
  assert.equal(found('look'), 'good', 'a word of the note');
  assert.equal(found('#baseline'), 'good');
  assert.equal(found('starred'), 'good');
  assert.equal(found('nothing'), '');
});

test('metrics and steps are compared; a run without the metric does not fit', () => {
  assert.equal(found('accuracy > 0.8'), 'good');
  assert.equal(found('accuracy<=0.5 mean'), 'bad');
  assert.equal(found('Accuracy >= 1e-1'), 'good,bad');
  assert.equal(found('step < 100'), 'bad,fresh');
  assert.equal(found('rmse < 1'), '');
});

test('experiments in any order', () => {
  const launch = (experiment: string, day: number, value: number) =>
    summary({
      ...{ experiment, createdAt: `2026-01-0${day}T00:00:00.000Z` },
      lastMetric: { name: 'accuracy', value },
    });
  const runs = [launch('a', 1, 0.5), launch('b', 2, 0.9), launch('c', 3, 0.7)];
  const roots = (order: Order) =>
    buildTree(runs, { order: orderOf(order) })
      .roots.map((id) => id.slice(-1))
      .join('');
  assert.deepEqual((['newest', 'oldest', 'name', 'metric'] as const).map(roots), [
    'cba',
    'abc',
    'cba',
    'bca',
  ]);
});
