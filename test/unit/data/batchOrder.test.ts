import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { competenceOf } from '../../../src/config/techniques/registry.ts';
import {
  type BatchOrder,
  buildBatchOrder,
  ShuffledOrder,
  SimilarLengthOrder,
} from '../../../src/data/batchOrder.ts';

const sizes = fc.record({
  examples: fc.integer({ min: 1, max: 40 }),
  batchSize: fc.integer({ min: 1, max: 60 }),
  seed: fc.integer({ min: 0 }),
});

function firstSteps(order: BatchOrder, steps: number): number[][] {
  return Array.from({ length: steps }, (_, i) => [...order.batch(i + 1)]);
}

test('shuffled: every epoch visits every example exactly once, whatever the batch size', () => {
  fc.assert(
    fc.property(sizes, ({ examples, batchSize, seed }) => {
      const epochs = 3;
      const steps = Math.ceil((epochs * examples) / batchSize);
      const visited = firstSteps(new ShuffledOrder(examples, batchSize, seed), steps).flat();
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

test('shuffled: the batch of a step does not depend on the steps requested before', () => {
  fc.assert(
    fc.property(sizes, fc.integer({ min: 1, max: 30 }), ({ examples, batchSize, seed }, step) => {
      const walked = firstSteps(new ShuffledOrder(examples, batchSize, seed), step).at(-1);
      assert.deepEqual([...new ShuffledOrder(examples, batchSize, seed).batch(step)], walked);
    }),
  );
});

test('shuffled: epochs and neighbouring seeds differ', () => {
  const [first, second] = firstSteps(new ShuffledOrder(50, 50, 0), 2);
  const [other] = firstSteps(new ShuffledOrder(50, 50, 1), 1);
  assert.notDeepEqual(first, second);
  assert.notDeepEqual(first, other);
  assert.notDeepEqual(second, other);
});

test('shuffled: each example is equally likely to come first', () => {
  const examples = 5;
  const seeds = 5000;
  const counts = new Array<number>(examples).fill(0);
  for (let seed = 0; seed < seeds; seed++)
    counts[new ShuffledOrder(examples, 1, seed).batch(1)[0]!]!++;
  const expected = seeds / examples;
  const chiSquared = counts.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
  // 99.9 % quantile of χ² with 4 degrees of freedom.
  assert.ok(chiSquared < 18.5, `counts ${counts}`);
});

const dataset = fc
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

test('similar length: batches are full, and an epoch has every example at most once', () => {
  fc.assert(
    fc.property(dataset, ({ lengths, batchSize, seed }) => {
      const perEpoch = Math.floor(lengths.length / batchSize);
      const batches = firstSteps(new SimilarLengthOrder(lengths, batchSize, seed), 3 * perEpoch);
      for (let epoch = 0; epoch < 3; epoch++) {
        const visited = batches.slice(epoch * perEpoch, (epoch + 1) * perEpoch).flat();
        assert.equal(visited.length, perEpoch * batchSize);
        assert.equal(new Set(visited).size, visited.length);
        assert.ok(visited.every((example) => example >= 0 && example < lengths.length));
      }
    }),
  );
});

test('similar length: the batch of a step does not depend on the steps requested before', () => {
  fc.assert(
    fc.property(dataset, fc.integer({ min: 1, max: 100 }), ({ lengths, batchSize, seed }, step) => {
      const walked = firstSteps(new SimilarLengthOrder(lengths, batchSize, seed), step).at(-1);
      assert.deepEqual([...new SimilarLengthOrder(lengths, batchSize, seed).batch(step)], walked);
    }),
  );
});

test('similar length: within 32 batches, the length ranges of batches do not overlap', () => {
  fc.assert(
    fc.property(dataset, ({ lengths, batchSize, seed }) => {
      const perEpoch = Math.min(32, Math.floor(lengths.length / batchSize));
      // As many examples as fill one block: the epoch has no other.
      const block = lengths.slice(0, perEpoch * batchSize);
      const ranges = firstSteps(new SimilarLengthOrder(block, batchSize, seed), perEpoch)
        .map((batch) => batch.map((example) => block[example]!))
        .map((batch) => [Math.min(...batch), Math.max(...batch)] as const)
        .sort(([a, b], [c, d]) => a - c || b - d);
      for (let i = 1; i < ranges.length; i++) assert.ok(ranges[i - 1]![1] <= ranges[i]![0]);
    }),
  );
});

test('similar length: epochs and neighbouring seeds differ, and batches are not ordered by length', () => {
  const lengths = Int32Array.from({ length: 400 }, (_, i) => 1 + (i % 40));
  const first = new SimilarLengthOrder(lengths, 10, 0);
  const batches = firstSteps(first, 80);
  const other = firstSteps(new SimilarLengthOrder(lengths, 10, 1), 40);
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

test('similar length: examples within a batch are not sorted by length', () => {
  const lengths = Int32Array.from({ length: 3200 }, (_, i) => i);
  const order = new SimilarLengthOrder(lengths, 40, 0);
  const mean = (half: number[]) => half.reduce((sum, it) => sum + lengths[it]!, 0) / half.length;
  const shorter = firstSteps(order, 80).filter(
    (batch) => mean(batch.slice(0, 20)) < mean(batch.slice(20)),
  );
  // Binomial(80, 1/2) is outside 20 … 60 once in 100 000 times.
  assert.ok(shorter.length > 20 && shorter.length < 60, `${shorter.length} of 80`);
});

test('similar length: examples left over in one epoch are seen in later ones', () => {
  const lengths = Int32Array.from({ length: 13 }, (_, i) => i);
  const visited = firstSteps(new SimilarLengthOrder(lengths, 7, 0), 30).flat();
  assert.equal(new Set(visited).size, 13);
});

test('the config decides the batch order', () => {
  const lengths = Int32Array.of(3, 1, 2, 5);
  const train = { count: 4, targets: Int32Array.of(0, 0, 1, 1), lengths };
  const random = buildBatchOrder({ batches: 'random', batchSize: 2 }, train, 5);
  assert.deepEqual(firstSteps(random, 4), firstSteps(new ShuffledOrder(4, 2, 5), 4));
  const similar = buildBatchOrder({ batches: 'similar-length', batchSize: 2 }, train, 5);
  assert.deepEqual(firstSteps(similar, 4), firstSteps(new SimilarLengthOrder(lengths, 2, 5), 4));
});

test('a curriculum draws from the shortest texts, more of them step by step, then as without it', () => {
  const lengths = Int32Array.from({ length: 100 }, (_, i) => 200 - i);
  const train = { count: 100, targets: new Int32Array(100), lengths };
  const competence = competenceOf({ curriculum: { start: 0.1, until: 0.5 } }, 40)!;
  // √(t/20·(1 − 0.01) + 0.01).
  assert.ok(Math.abs(competence(5) - Math.sqrt(0.25 * 0.99 + 0.01)) < 1e-12);
  assert.equal(competence(20), 1);
  const of = () => buildBatchOrder({ batches: 'random', batchSize: 8 }, train, 3, competence);
  const batches = firstSteps(of(), 40);
  for (const [i, batch] of batches.slice(0, 19).entries()) {
    const most = Math.ceil(100 * competence(i + 1));
    assert.ok(batch.every((example) => example >= 100 - most));
    assert.equal(new Set(batch).size, 8);
  }
  assert.deepEqual(batches.slice(19), firstSteps(new ShuffledOrder(100, 8, 3), 40).slice(19));
  assert.deepEqual([...of().batch(7)], [...batches[6]!], 'without those before');
});
