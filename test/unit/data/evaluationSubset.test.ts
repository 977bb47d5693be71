import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { TabularDataset } from '../../../src/data/dataset.ts';
import { evaluationRows, evaluationTexts } from '../../../src/data/evaluationSubset.ts';

/** Row i has the features i and −i and the target 10i. */
function rows(count: number): TabularDataset {
  const numbers = Array.from({ length: count }, (_, i) => i);
  return {
    count,
    width: 2,
    features: Float32Array.from(numbers.flatMap((i) => [i, -i])),
    targets: Float64Array.from(numbers, (i) => 10 * i),
  };
}

test('the limit is the number of examples: distinct, sorted, the same every time, with their features and targets', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 200 }),
      fc.integer({ min: 1, max: 250 }),
      (count, limit) => {
        const chosen = evaluationRows(rows(count), limit);
        assert.equal(chosen.count, Math.min(count, limit));
        const indices = [...(chosen.indices ?? rows(count).targets.map((target) => target / 10))];
        assert.deepEqual(
          indices,
          [...new Set(indices)].sort((a, b) => a - b),
        );
        assert.deepEqual([...chosen.features], indices.flatMap((i) => [i, -i]).map(Math.fround));
        assert.deepEqual(
          [...chosen.targets],
          indices.map((i) => 10 * i),
        );
        assert.deepEqual(evaluationRows(rows(count), limit), chosen);
      },
    ),
  );
});

test('examples come from the whole file, and a larger sample contains a smaller one', () => {
  const [few, more] = [50, 100].map((limit) => evaluationRows(rows(1000), limit).indices!);
  assert.ok(few![0]! < 200 && few!.at(-1)! >= 800);
  assert.ok(few!.every((index) => more!.includes(index)));
});

test('texts keep their lengths and questions', () => {
  const texts = Array.from({ length: 9 }, (_, i) => ({
    ids: new Int32Array(i + 1),
    typeIds: new Int32Array(i + 1),
    answerAt: 1,
  }));
  const questions = texts.map(({ ids }, i) => ({ prompt: ids, answer: `answer ${i}` }));
  const lengths = Int32Array.from(texts, ({ ids }) => ids.length);
  const all = { count: 9, targets: new Float64Array(0), examples: texts, lengths, questions };
  const chosen = evaluationTexts(all, 3);
  assert.equal(chosen.targets.length, 0);
  assert.deepEqual(
    chosen.questions.map(({ answer }) => answer),
    Array.from(chosen.indices!, (i) => `answer ${i}`),
  );
  assert.deepEqual(
    [...chosen.lengths],
    Array.from(chosen.indices!, (i) => i + 1),
  );
  assert.equal(evaluationTexts(all, undefined), all);
});
