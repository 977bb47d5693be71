import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Order } from '../../../src/data/order.ts';

const sizes = fc.record({
  examples: fc.integer({ min: 1, max: 40 }),
  batchSize: fc.integer({ min: 1, max: 60 }),
  seed: fc.integer({ min: 0 }),
});

function firstSteps(order: Order, steps: number): number[][] {
  return Array.from({ length: steps }, (_, i) => [...order.batch(i + 1)]);
}

test('every epoch visits every example exactly once, whatever the batch size', () => {
  fc.assert(
    fc.property(sizes, ({ examples, batchSize, seed }) => {
      const epochs = 3;
      const steps = Math.ceil((epochs * examples) / batchSize);
      const visited = firstSteps(new Order(examples, batchSize, seed), steps).flat();
      for (let epoch = 0; epoch < epochs; epoch++) {
        const one = visited.slice(epoch * examples, (epoch + 1) * examples);
        assert.deepEqual(
          one.sort((a, b) => a - b),
          [...Array(examples).keys()],
        );
      }
    }),
  );
});

test('a step can be asked for without the steps before it', () => {
  fc.assert(
    fc.property(sizes, fc.integer({ min: 1, max: 30 }), ({ examples, batchSize, seed }, step) => {
      const walked = firstSteps(new Order(examples, batchSize, seed), step).at(-1);
      assert.deepEqual([...new Order(examples, batchSize, seed).batch(step)], walked);
    }),
  );
});

test('epochs and neighbouring seeds differ', () => {
  const [first, second] = firstSteps(new Order(50, 50, 0), 2);
  const [other] = firstSteps(new Order(50, 50, 1), 1);
  assert.notDeepEqual(first, second);
  assert.notDeepEqual(first, other);
  assert.notDeepEqual(second, other);
});

test('each example is equally likely to come first', () => {
  const examples = 5;
  const draws = 5000;
  const counts = new Array<number>(examples).fill(0);
  for (let seed = 0; seed < draws; seed++) counts[new Order(examples, 1, seed).batch(1)[0]!]!++;
  const expected = draws / examples;
  const chiSquared = counts.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
  // 99.9 % quantile of χ² with 4 degrees of freedom.
  assert.ok(chiSquared < 18.5, `counts ${counts}`);
});
