import assert from 'node:assert/strict';
import { test } from 'node:test';
import { modelSoup, modelStock, stockRatio } from '../../../../src/experiment/soups/average.ts';
import type { Weights } from '../../../../src/experiment/soups/weights.ts';

const weights = (values: readonly number[]): Weights =>
  new Map([['w', { shape: [values.length], values: Float32Array.from(values) }]]);
const valuesOf = (of: Weights) => [...of.get('w')!.values];
const close = (actual: readonly number[], expected: readonly number[]) =>
  actual.forEach((value, i) => {
    assert.ok(Math.abs(value - expected[i]!) < 1e-6, `${actual} instead of ${expected}`);
  });

/** Of 1 at these angles, in degrees. */
const at = (...angles: readonly number[]) =>
  angles.map((angle) => {
    const radians = (angle * Math.PI) / 180;
    return Float64Array.of(Math.cos(radians), Math.sin(radians));
  });

test('a soup is the mean', () => {
  close(valuesOf(modelSoup([weights([1, 2]), weights([3, 4]), weights([5, 9])])), [3, 5]);
});

test('Model Stock: t = N cos θ/(1 + (N − 1)cos θ)', () => {
  close([stockRatio(at(0, 60))], [2 / 3]);
  close([stockRatio(at(0, 0, 0))], [1]);
  close([stockRatio(at(0, 90))], [0]);
  close([stockRatio(at(0, 120))], [0]);
  // Cosines ½, ½ and −½ have the mean 1/6.
  close([stockRatio(at(0, 60, 120))], [0.5 / (1 + 2 / 6)]);
  // Lengths do not count.
  close([stockRatio([Float64Array.of(5, 0), ...at(60)])], [2 / 3]);
});

test('Model Stock lies between the start and the mean, tensor by tensor', () => {
  const start = new Map([...weights([1, 1]), ['frozen', weights([7]).get('w')!]]);
  const model = (x: number, y: number) =>
    new Map([...weights([1 + x, 1 + y]), ['frozen', weights([7]).get('w')!]]);
  const stock = modelStock(start, [model(1, 0), model(0.5, Math.sqrt(0.75))]);
  close(valuesOf(stock), [1 + (2 / 3) * 0.75, 1 + (2 / 3) * (Math.sqrt(0.75) / 2)]);
  assert.deepEqual([...stock.get('frozen')!.values], [7]);
});
