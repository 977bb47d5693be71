import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { AveragedSeries, type Bin } from '../../../webview/charts/averaging.ts';

/** What a chart shows that applies the patches one after the other. */
function draw(limit: number, chunks: readonly (readonly Bin[])[]) {
  const series = new AveragedSeries(limit);
  const drawn: Bin[] = [];
  for (const chunk of chunks) {
    const { from, points } = series.push(chunk);
    drawn.splice(from, drawn.length - from, ...points);
  }
  return { drawn, width: series.width };
}

const points = (values: readonly number[]) =>
  values.map((value, i) => ({ step: i + 1, values: [value, 1 - value] }));

test('up to the limit every point is drawn as it is', () => {
  const all = points([0.5, 0, 1, 0.25]);
  assert.deepEqual(draw(4, [all]), { drawn: all, width: 1 });
});

test('beyond the limit neighbours are averaged, at the step of the last of them', () => {
  const { drawn, width } = draw(4, [points([0, 1, 0.5, 0.5, 0.25])]);
  assert.equal(width, 2);
  assert.deepEqual(drawn, [
    { step: 2, values: [0.5, 0.5] },
    { step: 4, values: [0.5, 0.5] },
    { step: 5, values: [0.25, 0.75] },
  ]);
});

test('however the points arrive, the drawn ones are the means of equally many, the newest apart', () => {
  const weights = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), {
    minLength: 1,
    maxLength: 300,
  });
  const limits = fc.integer({ min: 1, max: 20 }).map((half) => 2 * half);
  fc.assert(
    fc.property(weights, limits, fc.integer({ min: 1, max: 50 }), (values, limit, size) => {
      const all = points(values);
      const chunks = Array.from({ length: Math.ceil(all.length / size) }, (_, i) =>
        all.slice(i * size, (i + 1) * size),
      );
      const { drawn, width } = draw(limit, chunks);
      assert.ok(drawn.length <= limit);
      assert.equal(drawn.length, Math.ceil(all.length / width));
      drawn.forEach((bin, i) => {
        const members = all.slice(i * width, (i + 1) * width);
        assert.equal(bin.step, members.at(-1)!.step);
        const mean = members.reduce((sum, { values: [w] }) => sum + w!, 0) / members.length;
        assert.ok(Math.abs(bin.values[0]! - mean) < 1e-12);
        assert.ok(Math.abs(bin.values[0]! + bin.values[1]! - 1) < 1e-12);
      });
    }),
  );
});

test('an odd limit is rejected: neighbours could not be merged in pairs', () => {
  for (const limit of [0, 3, Number.NaN])
    assert.throws(() => new AveragedSeries(limit), RangeError);
});
