import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hintTexts } from '../../../src/extension/configs/hintText.ts';
import { sparkline } from '../../../src/extension/configs/sparkline.ts';

test('a curve as blocks, from its least to its greatest value', () => {
  assert.equal(sparkline([0, 1, 2, 3, 4, 5, 6, 7]), '▁▂▃▄▅▆▇█');
  assert.equal(sparkline([2, -1, 2]), '█▁█');
  assert.equal(sparkline([5, 5]), '▅▅');
  assert.equal(sparkline([1]), '');
  const long = Array.from({ length: 1000 }, (_, i) => i);
  assert.equal(sparkline(long), '▁▂▃▄▅▆▇█', 'the last one included');
  assert.equal(sparkline(long, 4.3), '▁▃▆█');
  assert.equal(sparkline(long, 2), '', 'too little for a course');
});

test('every method of a line has its result, however many there are', () => {
  const curve = Array.from({ length: 20 }, (_, i) => i);
  const method = (line: number) => ({ line, text: '0.835 ± 0.021', brief: '0.835', curve });
  const texts = (count: number, limit: number) =>
    hintTexts(
      Array.from({ length: count }, () => method(3)),
      limit,
    );
  assert.deepEqual(texts(2, 43), Array(2).fill('0.835 ± 0.021 ▁▂▃▅▆▇█'));
  assert.deepEqual(texts(3, 43), Array(3).fill('0.835 ± 0.021'));
  assert.deepEqual(texts(4, 43), Array(4).fill('0.835 ▁▃▆█'));
  for (const count of [2, 3, 4, 5, 7]) {
    assert.ok(texts(count, 43).join('').length <= 43, `${count}`);
  }
  assert.deepEqual(texts(3, 0), Array(3).fill('0.835 ± 0.021 ▁▂▃▄▅▆▇█'), 'a user without a limit');
  assert.deepEqual(
    hintTexts([method(3), method(4)], 43),
    Array(2).fill('0.835 ± 0.021 ▁▂▃▄▅▆▇█'),
    'lines of their own',
  );
});
