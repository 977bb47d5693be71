import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { ThinnedSeries } from '../../../webview/charts/thinning.ts';

/** What a chart shows that applies the patches one after the other. */
function draw(
  limit: number,
  chunks: readonly (readonly number[])[],
): { drawn: number[]; stride: number } {
  const series = new ThinnedSeries<number>(limit);
  const drawn: number[] = [];
  for (const chunk of chunks) {
    const { from, points } = series.push(chunk);
    drawn.splice(from, drawn.length - from, ...points);
  }
  return { drawn, stride: series.stride };
}

/** 0…count − 1, cut at the given places. */
const cutSequence = fc
  .tuple(fc.integer({ min: 1, max: 400 }), fc.array(fc.nat(400), { maxLength: 12 }))
  .map(([count, cuts]) => {
    const all = Array.from({ length: count }, (_, i) => i);
    const places = [0, ...cuts.filter((cut) => cut < count).sort((a, b) => a - b), count];
    return places.slice(1).map((end, i) => all.slice(places[i], end));
  });

test('every point is drawn up to the limit', () => {
  const { drawn, stride } = draw(100, [Array.from({ length: 99 }, (_, i) => i)]);
  assert.equal(stride, 1);
  assert.deepEqual(
    drawn,
    Array.from({ length: 99 }, (_, i) => i),
  );
});

test('a known doubling', () => {
  assert.deepEqual(draw(4, [[0, 1, 2], [3]]), { drawn: [0, 2, 3], stride: 2 });
  assert.deepEqual(draw(4, [[0, 1, 2, 3, 4, 5, 6]]), { drawn: [0, 4, 6], stride: 4 });
});

test('however the points arrive: at most the limit, every stride-th, the first and the newest among them', () => {
  fc.assert(
    fc.property(fc.integer({ min: 2, max: 40 }), cutSequence, (limit, chunks) => {
      const { drawn, stride } = draw(limit, chunks);
      const count = chunks.flat().length;
      assert.ok(drawn.length <= limit, `${drawn.length} points for a limit of ${limit}`);
      assert.ok(Number.isInteger(Math.log2(stride)));
      const expected = Array.from({ length: Math.ceil(count / stride) }, (_, i) => i * stride);
      if (expected.at(-1) !== count - 1) expected.push(count - 1);
      assert.deepEqual(drawn, expected);
      assert.deepEqual(draw(limit, [chunks.flat()]).drawn, drawn, 'chunks make no difference');
    }),
  );
});

test('at least a quarter of the limit is drawn of a long series: doubling does not throw away too much', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 8, max: 64 }),
      fc.integer({ min: 100, max: 5000 }),
      (limit, count) => {
        const { drawn } = draw(limit, [Array.from({ length: count }, (_, i) => i)]);
        assert.ok(drawn.length >= limit / 4);
      },
    ),
  );
});

test('a limit below two points is rejected', () => {
  assert.throws(() => new ThinnedSeries(1), RangeError);
});
