import assert from 'node:assert/strict';
import { test } from 'node:test';
import { seriesOf } from '../../../src/extension/panels/seedSeries.ts';
import { summary } from './fixtures.ts';

test('a last validation that is not finite is not replaced by the one before', () => {
  const runs = [0.9, null, 0.7].map((last, seed) => ({
    run: summary({ seed }),
    validations: [
      { step: 100, metrics: { accuracy: 0.5 } },
      { step: 200, metrics: { accuracy: last } },
    ],
  }));
  const [grain] = seriesOf(runs, 'accuracy');
  assert.deepEqual(grain?.seeds[1]?.points, [
    { step: 100, value: 0.5 },
    { step: 200, value: null },
  ]);
  assert.deepEqual(
    grain?.band.map(({ step, n }) => [step, n]),
    [
      [100, 3],
      [200, 2],
    ],
  );
});
