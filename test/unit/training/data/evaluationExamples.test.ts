import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { evaluationExamples } from '../../../../src/training/data/evaluationExamples.ts';

test('as many as asked for, each once, ascending, the same every time', () => {
  fc.assert(
    fc.property(fc.nat(200), fc.option(fc.nat(250), { nil: undefined }), (count, limit) => {
      const chosen = [...evaluationExamples(count, limit)];
      assert.equal(chosen.length, Math.min(count, limit ?? count));
      assert.deepEqual(
        chosen,
        [...new Set(chosen)].sort((a, b) => a - b),
      );
      assert.ok(chosen.every((index) => index >= 0 && index < count));
      assert.deepEqual([...evaluationExamples(count, limit)], chosen);
    }),
  );
});

test('they are from everywhere, and a higher limit adds to those of a lower one', () => {
  const [few, more] = [evaluationExamples(1000, 50), evaluationExamples(1000, 100)];
  assert.ok(few[0]! < 200 && few.at(-1)! >= 800);
  assert.ok(few.every((index) => more.includes(index)));
});
