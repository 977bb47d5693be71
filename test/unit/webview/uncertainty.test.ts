import assert from 'node:assert/strict';
import { test } from 'node:test';
import { chiSquaredDistributionTable } from 'simple-statistics';
import { FEW, stdInterval } from '../../../webview/seedVariance/uncertainty.ts';

test('the interval of a standard deviation agrees with an independent table of χ²', () => {
  // Probabilities of that table are of the upper tail.
  for (let n = 3; n <= FEW; n++) {
    const row = chiSquaredDistributionTable[(n - 1) as 2]!;
    const [low, high] = stdInterval(n);
    assert.ok(Math.abs(low - Math.sqrt((n - 1) / row[0.025])) < 0.01, `n = ${n}`);
    assert.ok(Math.abs(high / Math.sqrt((n - 1) / row[0.975]) - 1) < 0.02, `n = ${n}`);
  }
});

test('five seeds: ×0.60 … ×2.87', () => {
  assert.deepEqual(
    stdInterval(5).map((factor) => factor.toFixed(2)),
    ['0.60', '2.87'],
  );
});

test('one seed has no standard deviation, six give no warning', () => {
  assert.throws(() => stdInterval(1), RangeError);
  assert.throws(() => stdInterval(6), RangeError);
});
