import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sparkline } from '../../../src/extension/configs/sparkline.ts';

test('a curve as blocks, from its least to its greatest value', () => {
  assert.equal(sparkline([0, 1, 2, 3, 4, 5, 6, 7]), '▁▂▃▄▅▆▇█');
  assert.equal(sparkline([2, -1, 2]), '█▁█');
  assert.equal(sparkline([5, 5]), '▅▅');
  assert.equal(sparkline([1]), '');
  const long = Array.from({ length: 1000 }, (_, i) => i);
  assert.equal(sparkline(long), '▁▂▃▄▅▆▇█', 'the last one included');
});
