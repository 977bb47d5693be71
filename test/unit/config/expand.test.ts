import assert from 'node:assert/strict';
import { test } from 'node:test';
import { expand } from '../../../src/config/expand.ts';
import { parseConfig } from '../../../src/config/parse.ts';

test('a run for each seed and aggregator, so that the first two can be compared', () => {
  const text =
    'data: { train: a.csv, validation: b.csv, target: c }\nseeds: [7, { init: 1, order: 2 }]\naggregate: [mean, grain]';
  const { config } = parseConfig(text, 'grain.yaml');
  assert.deepEqual(
    expand(config).map(({ aggregator, seed }) => [aggregator, seed.init, seed.order]),
    [
      ['mean', 7, 7],
      ['grain', 7, 7],
      ['mean', 1, 2],
      ['grain', 1, 2],
    ],
  );
});

test('initializations crossed with orders: each pair once, with equal numbers first', () => {
  const text = 'data: { train: a.csv, validation: b.csv, target: c }\naggregate: [mean]\nseeds: ';
  const pairs = (seeds: string) =>
    expand(parseConfig(text + seeds, 'grain.yaml').config).map(
      ({ seed: { init, order } }) => `${init}${order}`,
    );
  assert.deepEqual(pairs('{ init: 2, order: 2 }'), ['00', '11', '01', '10']);
  assert.deepEqual(pairs('{ init: 2, order: 3 }'), ['00', '02', '11', '01', '10', '12']);
  assert.deepEqual(pairs('{ init: 3, order: 1 }'), ['00', '20', '10']);
});

test('splits crossed too: each combination once; each of the first few tells something new of all', () => {
  const text =
    'data: { train: a.csv, validation: { share: 0.2 }, target: c }\naggregate: [mean]\nseeds: ';
  const all = (seeds: string) =>
    expand(parseConfig(text + seeds, 'grain.yaml').config).map(
      ({ seed: { init, order, split } }) => `${init}${order}${split ?? ''}`,
    );
  const combined = all('{ init: 2, order: 2, split: 2 }');
  assert.deepEqual(combined.slice(0, 2), ['000', '111']);
  assert.equal(new Set(combined).size, 8);
  assert.deepEqual(all('{ split: 3 }'), ['000', '001', '002']);
  assert.deepEqual(all('[{ init: 1, order: 2, split: 3 }, 4]'), ['123', '44']);
});

test('aggregations are resolved, and labelled by what is otherwise than usual', () => {
  const text = `data: { train: a.csv, validation: b.csv, target: c }
seeds: [0]
zeroGroups: stop
aggregate:
  - grain
  - { name: cagrad, c: 0.4 }
  - { name: cagrad, c: 0.5 }
  - { name: grain, metric: preconditioned, smoothing: 0.9, zeroGroups: drop }`;
  const runs = expand(parseConfig(text, 'grain.yaml').config);
  assert.deepEqual(
    runs.map(({ aggregator }) => aggregator),
    ['grain', 'cagrad c=0.4', 'cagrad', 'grain preconditioned smoothing=0.9 zeroGroups=drop'],
  );
  assert.deepEqual(
    [runs[0]?.aggregation, runs[1]?.aggregation],
    [
      {
        name: 'grain',
        parameters: {},
        metric: 'euclidean',
        smoothing: 0,
        zeroGroups: 'stop',
        guard: null,
      },
      {
        name: 'cagrad',
        parameters: { c: 0.4 },
        metric: 'euclidean',
        smoothing: 0,
        zeroGroups: 'stop',
        guard: null,
      },
    ],
  );
});
