import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { packGram } from '../../../../src/engine/gram.ts';
import {
  fromMean,
  innerProductsOf,
  meanConflictOf,
  normsOf,
} from '../../../../src/experiment/claims/steps.ts';
import type { StepEvent } from '../../../../src/runs/events.ts';

/** A logged step with these gradients, aggregated with these weights. */
function stepWith(
  gradients: readonly (readonly number[])[],
  weights: readonly number[],
): StepEvent {
  const gram = gradients.flatMap((one) =>
    gradients.map((other) => one.reduce((sum, value, i) => sum + value * other[i]!, 0)),
  );
  const k = gradients.length;
  return {
    ...{
      kind: 'step',
      at: 0,
      step: 1,
      learningRate: 0.1,
      ms: { gradients: 1, aggregate: 1, update: 1 },
    },
    groups: gradients.map((_, i) => i),
    sizes: gradients.map(() => 4),
    losses: gradients.map(() => 1),
    gram: packGram(Float64Array.from(gram), k),
    weights: [...weights],
  };
}

const gradients = fc.array(
  fc.array(fc.integer({ min: -9, max: 9 }), { minLength: 3, maxLength: 3 }),
  { minLength: 2, maxLength: 5 },
);

test('inner products from the Gram matrix are those of the gradients themselves', () => {
  fc.assert(
    fc.property(
      gradients,
      fc.array(fc.integer({ min: 0, max: 8 }), { minLength: 5, maxLength: 5 }),
      (all, raw) => {
        const weights = all.map((_, i) => raw[i]! / 8);
        const d = [0, 1, 2].map((at) => all.reduce((sum, g, i) => sum + weights[i]! * g[at]!, 0));
        const direct = all.map((g) => g.reduce((sum, value, at) => sum + value * d[at]!, 0));
        // Sums of eighths of whole numbers are exact.
        const found = innerProductsOf(stepWith(all, weights))!;
        assert.deepEqual(
          found.products.map((it) => it + 0),
          direct.map((it) => it + 0),
        );
        assert.equal(found.negative, direct.filter((it) => it < 0).length);
      },
    ),
  );
});

test('the mean is no distance from itself; all weight on one of k groups is 1 − 1/k away', () => {
  const two = [
    [1, 0, 0],
    [0, 1, 0],
  ];
  const own = fromMean(stepWith(two, [0.5, 0.5]))!;
  assert.ok(own.distance === 0 && own.angle < 1e-6);
  const one = fromMean(stepWith(two, [1, 0]))!;
  assert.equal(one.distance, 0.5);
  assert.ok(Math.abs(one.angle - 45) < 1e-9);
});

test('conflict of the mean and squared norms are those of known gradients', () => {
  // The first step's mean, (1, 0, 0), conflicts with one of two groups, the second's with none.
  const steps = [
    stepWith(
      [
        [3, 0, 0],
        [-1, 0, 0],
      ],
      [0.5, 0.5],
    ),
    stepWith(
      [
        [1, 0, 0],
        [0, 1, 0],
      ],
      [1, 0],
    ),
  ];
  assert.equal(meanConflictOf(steps), 0.25);
  assert.deepEqual(normsOf(steps), [1, 1]);
});
