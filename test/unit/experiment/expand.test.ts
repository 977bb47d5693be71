import assert from 'node:assert/strict';
import { test } from 'node:test';
import { expand } from '../../../src/experiment/expand.ts';
import { parseConfig } from '../../../src/experiment/parse.ts';

test('a run for each seed and aggregator, so that the first two can be compared', () => {
  const text =
    'data: { train: a, validation: b, target: c }\nseeds: [7, { init: 1, order: 2 }]\naggregate: [mean, grain]';
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
