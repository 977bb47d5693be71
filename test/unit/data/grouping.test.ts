import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Group } from '../../../src/data/grouping.ts';
import {
  buildGrouping,
  lengthGroups,
  microbatchGroups,
  randomGroups,
  valueGroups,
} from '../../../src/data/grouping.ts';

const batchAndCount = fc
  .uniqueArray(fc.nat(999), { minLength: 1, maxLength: 50 })
  .chain((batch) => fc.tuple(fc.constant(batch), fc.integer({ min: 1, max: batch.length })));

function members(groups: readonly Group[]): number[][] {
  return groups.map(({ examples }) => [...examples]);
}

test('microbatch: consecutive slices whose sizes differ by at most one', () => {
  fc.assert(
    fc.property(batchAndCount, ([batch, count]) => {
      const grouping = microbatchGroups(count);
      const groups = grouping.split(1, Int32Array.from(batch));
      assert.deepEqual(members(groups).flat(), batch);
      assert.equal(groups.length, count);
      assert.equal(grouping.names.length, count);
      assert.deepEqual(
        groups.map(({ index }) => index),
        [...Array(count).keys()],
      );
      const sizes = groups.map(({ examples }) => examples.length);
      assert.ok(Math.max(...sizes) - Math.min(...sizes) <= 1);
      assert.ok(Math.min(...sizes) >= 1);
    }),
  );
});

test('random: a partition of the batch that differs from step to step and depends on seed and step only', () => {
  fc.assert(
    fc.property(
      batchAndCount,
      fc.nat(),
      fc.integer({ min: 1, max: 100 }),
      ([batch, count], seed, step) => {
        const indices = Int32Array.from(batch);
        const groups = randomGroups(count, seed).split(step, indices);
        assert.deepEqual([...indices], batch, 'the batch itself stays as it was');
        assert.deepEqual(new Set(members(groups).flat()), new Set(batch));
        assert.equal(members(groups).flat().length, batch.length);
        assert.deepEqual(members(randomGroups(count, seed).split(step, indices)), members(groups));
      },
    ),
  );
  const batch = Int32Array.from({ length: 40 }, (_, i) => i);
  const grouping = randomGroups(8, 3);
  assert.notDeepEqual(members(grouping.split(1, batch)), members(grouping.split(2, batch)));
});

test('length: the batch sorted by length and cut like microbatch', () => {
  fc.assert(
    fc.property(batchAndCount, fc.infiniteStream(fc.nat(9)), ([batch, count], stream) => {
      const lengths = Int32Array.from({ length: 1000 }, () => stream.next().value);
      const indices = Int32Array.from(batch);
      const groups = lengthGroups(count, lengths).split(1, indices);
      assert.deepEqual([...indices], batch, 'the batch itself stays as it was');
      assert.deepEqual(new Set(members(groups).flat()), new Set(batch));
      const sorted = members(groups).flat();
      for (let i = 1; i < sorted.length; i++) {
        const [before, here] = [sorted[i - 1]!, sorted[i]!];
        assert.ok(lengths[before]! <= lengths[here]!);
        if (lengths[before] === lengths[here]) {
          assert.ok(batch.indexOf(before) < batch.indexOf(here), 'equals keep their order');
        }
      }
      const sizes = members(groups).map(({ length }) => length);
      assert.deepEqual(
        sizes,
        members(microbatchGroups(count).split(1, indices)).map(({ length }) => length),
      );
    }),
  );
});

test('the config decides the grouping; length needs examples with lengths', () => {
  const train = { count: 4, targets: Float64Array.of(0, 0, 0, 0) };
  const common = {
    classes: [],
    column: null,
    notices: [],
    fingerprints: { train: '', validation: '' },
  };
  const config = { by: 'length', count: 2 };
  const texts = { ...train, lengths: Int32Array.of(4, 1, 3, 2) };
  const grouping = buildGrouping(config, { ...common, train: texts, validation: texts }, 0);
  assert.deepEqual(members(grouping.split(1, Int32Array.of(0, 1, 2, 3))), [
    [1, 3],
    [2, 0],
  ]);
  assert.throws(
    () => buildGrouping(config, { ...common, train, validation: train }, 0),
    /need examples that are texts/,
  );
});

test('values: one group per value present, in the order of the names', () => {
  const grouping = valueGroups({
    names: ['a', 'b', 'c'],
    indices: Int32Array.of(2, 0, 2, 1, 0),
  });
  assert.deepEqual(members(grouping.split(1, Int32Array.of(4, 0, 1, 2))), [
    [4, 1],
    [0, 2],
  ]);
  assert.deepEqual(
    grouping.split(1, Int32Array.of(4, 0, 1, 2)).map(({ index }) => index),
    [0, 2],
  );
});
