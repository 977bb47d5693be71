import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { tokenBatchOf } from '../../../src/data/tokenBatch.ts';

const example = fc.array(fc.tuple(fc.nat(99), fc.nat(1)), { minLength: 1, maxLength: 9 });

test('examples are padded to the longest', () => {
  fc.assert(
    fc.property(fc.array(example, { minLength: 1, maxLength: 6 }), fc.nat(99), (samples, padId) => {
      const examples = samples.map((tokens) => ({
        ids: Int32Array.from(tokens, ([id]) => id),
        typeIds: Int32Array.from(tokens, ([, type]) => type),
      }));
      const bounds = [0, 1, examples.length];
      const batch = tokenBatchOf(examples, padId, bounds);
      assert.equal(batch.batchSize, examples.length);
      assert.equal(batch.length, Math.max(...samples.map((tokens) => tokens.length)));
      assert.deepEqual(
        [...batch.lengths],
        samples.map((tokens) => tokens.length),
      );
      assert.equal(batch.exampleBounds, bounds);
      examples.forEach(({ ids, typeIds }, i) => {
        const padding = new Array<number>(batch.length - ids.length);
        const row = <T extends Int32Array>(of: T) => [
          ...of.subarray(i * batch.length, (i + 1) * batch.length),
        ];
        assert.deepEqual(row(batch.ids), [...ids, ...padding.fill(padId)]);
        assert.deepEqual(row(batch.typeIds), [...typeIds, ...padding.fill(0)]);
      });
    }),
  );
});
