import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import * as format from '../../../webview/format.ts';

test('short and exact numbers', () => {
  assert.equal(format.short(0.123456789), '0.123');
  assert.equal(format.exact(0.123456789), '0.123457');
  assert.equal(format.short(-2), '−2');
  assert.equal(format.short(0), '0');
  assert.equal(format.exact(1.5e-7), '1.5e−7');
  assert.equal(format.short(12_345_678), '1.23e7');
  assert.equal(format.short(null), '–');
  assert.equal(format.exact(Number.NaN), '–');
});

test('steps done, and a validation that takes long', () => {
  const steps = { step: 40, steps: 200 };
  assert.equal(format.stepsDone({ ...steps, validating: null }), 'step 40 / 200');
  assert.equal(format.stepsDone({ ...steps, validating: 0 }), 'step 40 / 200, validating 0 %');
  assert.equal(format.stepsDone({ ...steps, validating: 0.999 }), 'step 40 / 200, validating 99 %');
});

test('an exact number reads back within six significant digits', () => {
  fc.assert(
    fc.property(fc.double({ noNaN: true, noDefaultInfinity: true, min: -1e12, max: 1e12 }), (x) => {
      const back = Number(format.exact(x).replaceAll('−', '-'));
      assert.ok(Math.abs(back - x) <= 5.1e-6 * Math.abs(x), `${x} was written ${format.exact(x)}`);
    }),
  );
});

test('shares as percentages', () => {
  assert.equal(format.percent(0.46428), '46.4 %');
  assert.equal(format.percent(1), '100 %');
  assert.equal(format.percent(null), '–');
});

test('orders of magnitude', () => {
  assert.equal(format.magnitude(3.2e-16), '3e−16');
  assert.equal(format.magnitude(0), '0');
  assert.equal(format.magnitude(0.93712), '0.94');
  assert.equal(format.magnitude(null), '–');
});

test('a spread decides the decimals of its mean', () => {
  assert.equal(format.withSpread(0.912345, 0.0213), '0.912 ± 0.021');
  assert.equal(format.withSpread(231.58, 12.4), '232 ± 12');
  assert.equal(format.withSpread(0.9, null), '0.9');
  assert.equal(format.withSpread(0.9, 0), '0.9 ± 0');
});

test('long names are shortened in the middle', () => {
  assert.equal(format.shorten('micro-batch 12', 9), 'micr…h 12');
  assert.equal(format.shorten('short', 9), 'short');
  fc.assert(
    fc.property(fc.string(), fc.integer({ min: 2, max: 20 }), (name, length) => {
      assert.ok(format.shorten(name, length).length <= length);
    }),
  );
});

test('the common start of names', () => {
  assert.equal(
    format.commonStart(['micro-batch 1', 'micro-batch 2', 'micro-batch 10']),
    'micro-batch ',
  );
  assert.equal(format.commonStart(['label 1', 'label 10']), 'label ', 'not within a word');
  assert.equal(format.commonStart(['cat', 'car']), '');
  assert.equal(format.commonStart(['only one']), '');
  assert.equal(format.commonStart([]), '');
});

test('figures below each other have as many digits', () => {
  assert.deepEqual([0.82, 0.833, 1, 0, 12.5, null].map(format.figure), [
    ...['0.820', '0.833', '1.00', '0', '12.5', '–'],
  ]);
  assert.deepEqual([1234.5, 1e-7, -0.5].map(format.figure), ['1,230', '1e−7', '−0.500']);
  assert.deepEqual([0, 0.85, 0.925, 1, null].map(format.percent), [
    ...['0 %', '85.0 %', '92.5 %', '100 %', '–'],
  ]);
});
