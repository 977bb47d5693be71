import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { BatchOrder } from '../../../src/data/batchOrder.ts';
import { Order } from '../../../src/data/order.ts';
import { orderOf } from '../../../src/data/orderOf.ts';
import { SimilarLength } from '../../../src/data/similarLength.ts';

const drawn = fc
  .record({
    lengths: fc.array(fc.integer({ min: 1, max: 30 }), { minLength: 1, maxLength: 300 }),
    seed: fc.integer({ min: 0 }),
  })
  .chain(({ lengths, seed }) =>
    fc.record({
      lengths: fc.constant(Int32Array.from(lengths)),
      seed: fc.constant(seed),
      batchSize: fc.integer({ min: 1, max: Math.min(lengths.length, 12) }),
    }),
  );

function firstSteps(order: BatchOrder, steps: number): number[][] {
  return Array.from({ length: steps }, (_, i) => [...order.batch(i + 1)]);
}

test('batches are full, and an epoch has every example once at most', () => {
  fc.assert(
    fc.property(drawn, ({ lengths, batchSize, seed }) => {
      const perEpoch = Math.floor(lengths.length / batchSize);
      const batches = firstSteps(new SimilarLength(lengths, batchSize, seed), 3 * perEpoch);
      for (let epoch = 0; epoch < 3; epoch++) {
        const visited = batches.slice(epoch * perEpoch, (epoch + 1) * perEpoch).flat();
        assert.equal(visited.length, perEpoch * batchSize);
        assert.equal(new Set(visited).size, visited.length);
        assert.ok(visited.every((example) => example >= 0 && example < lengths.length));
      }
    }),
  );
});

test('a step can be asked for without the steps before it', () => {
  fc.assert(
    fc.property(drawn, fc.integer({ min: 1, max: 100 }), ({ lengths, batchSize, seed }, step) => {
      const walked = firstSteps(new SimilarLength(lengths, batchSize, seed), step).at(-1);
      assert.deepEqual([...new SimilarLength(lengths, batchSize, seed).batch(step)], walked);
    }),
  );
});

test('within 32 batches, no batch reaches into the lengths of another', () => {
  fc.assert(
    fc.property(drawn, ({ lengths, batchSize, seed }) => {
      const perEpoch = Math.min(32, Math.floor(lengths.length / batchSize));
      // So many examples that one block is all there is of an epoch.
      const block = lengths.slice(0, perEpoch * batchSize);
      const ranges = firstSteps(new SimilarLength(block, batchSize, seed), perEpoch)
        .map((batch) => batch.map((example) => block[example]!))
        .map((batch) => [Math.min(...batch), Math.max(...batch)] as const)
        .sort(([a, b], [c, d]) => a - c || b - d);
      for (let i = 1; i < ranges.length; i++) assert.ok(ranges[i - 1]![1] <= ranges[i]![0]);
    }),
  );
});

test('epochs and neighbouring seeds differ, and neither order nor lengths decide the order of batches', () => {
  const lengths = Int32Array.from({ length: 400 }, (_, i) => 1 + (i % 40));
  const first = new SimilarLength(lengths, 10, 0);
  const batches = firstSteps(first, 80);
  const other = firstSteps(new SimilarLength(lengths, 10, 1), 40);
  assert.notDeepEqual(batches.slice(0, 40), batches.slice(40));
  assert.notDeepEqual(batches.slice(0, 40), other);
  const means = batches.slice(0, 40).map((batch) => {
    return batch.reduce((sum, example) => sum + lengths[example]!, 0) / batch.length;
  });
  assert.notDeepEqual(
    means,
    means.toSorted((a, b) => a - b),
  );
});

test('slices of a batch are not sorted: the first half is not shorter than the second', () => {
  const lengths = Int32Array.from({ length: 3200 }, (_, i) => i);
  const order = new SimilarLength(lengths, 40, 0);
  const mean = (half: number[]) => half.reduce((sum, it) => sum + lengths[it]!, 0) / half.length;
  const shorter = firstSteps(order, 80).filter(
    (batch) => mean(batch.slice(0, 20)) < mean(batch.slice(20)),
  );
  // Binomial(80, 1/2) is within 20 … 60 but for one time in 100 000.
  assert.ok(shorter.length > 20 && shorter.length < 60, `${shorter.length} of 80`);
});

test('with as many examples left over as there may be, all are seen sooner or later', () => {
  const lengths = Int32Array.from({ length: 13 }, (_, i) => i);
  const visited = firstSteps(new SimilarLength(lengths, 7, 0), 30).flat();
  assert.equal(new Set(visited).size, 13);
});

test('the config says which order', () => {
  const lengths = Int32Array.of(3, 1, 2, 5);
  const train = { count: 4, targets: Int32Array.of(0, 0, 1, 1), lengths };
  const random = orderOf({ batches: 'random', batchSize: 2 }, train, 5);
  assert.deepEqual(firstSteps(random, 4), firstSteps(new Order(4, 2, 5), 4));
  const similar = orderOf({ batches: 'similar-length', batchSize: 2 }, train, 5);
  assert.deepEqual(firstSteps(similar, 4), firstSteps(new SimilarLength(lengths, 2, 5), 4));
});
