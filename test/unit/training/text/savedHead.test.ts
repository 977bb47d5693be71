import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import fc from 'fast-check';
import { openSafetensors } from '../../../../src/hub/safetensors/safetensors.ts';
import { savedHead } from '../../../../src/training/text/savedHead.ts';
import { tinyTexts, writeTinyBert } from '../tinyCheckpoint.ts';
import { ignoreProgress, trainerOf } from '../trainerOf.ts';

/** The same weights under other names. */
const checkpoints = {
  sorted: ['no', 'yes'],
  reversed: ['yes', 'no'],
  unnamed: ['LABEL_0', 'LABEL_1'],
  reversedUnnamed: ['LABEL_1', 'LABEL_0'],
  others: ['entailment', 'not_entailment'],
  loud: ['YES', 'No'],
};

const folder = mkdtempSync(path.join(tmpdir(), 'grain-head-'));
before(async () => {
  for (const [name, labels] of Object.entries(checkpoints)) {
    await writeTinyBert(path.join(folder, name), { labels });
  }
  const texts = tinyTexts([9, 8, 7, 6]);
  const numbered = texts.replaceAll(/\tno$/gm, '\t0').replaceAll(/\tyes$/gm, '\t1');
  for (const [name, content] of Object.entries({ words: texts, numbers: numbered })) {
    writeFileSync(path.join(folder, `${name}.tsv`), content);
    // The same examples in another file: a warning would say if the files were the same.
    writeFileSync(path.join(folder, `${name}.dev.tsv`), `${content}\n`);
  }
});
after(() => rmSync(folder, { recursive: true }));

const configOf = (from: string, data = 'words', head = '') => `model: { from: ./${from}${head} }
data: { train: ${data}.tsv, validation: ${data}.dev.tsv, text: text, target: answer }
groups: { count: 2 }
batchSize: 4
device: cpu`;

async function untrained(config: string) {
  const { trainer, session, close } = await trainerOf(folder, config, 'mean');
  const { predictions, metrics } = await trainer.validate(ignoreProgress);
  const lines = predictions() as readonly { probabilities: Record<string, number> }[];
  await close();
  return {
    metrics,
    probabilities: lines.map(({ probabilities }) => probabilities),
    warnings: session.task.warnings,
    classes: session.task.data.classes,
  };
}

const turned = (lines: readonly Record<string, number>[], [a, b]: readonly [string, string]) =>
  lines.map((line) => ({ [a]: line[b], [b]: line[a] }));

describe('a saved head', () => {
  test('is matched with the classes by name, in any order', async () => {
    const sorted = await untrained(configOf('sorted'));
    const reversed = await untrained(configOf('reversed'));
    assert.deepEqual(reversed.probabilities, turned(sorted.probabilities, ['no', 'yes']));
    for (const { warnings, classes } of [sorted, reversed]) {
      assert.deepEqual(warnings, []);
      assert.deepEqual(classes, ['no', 'yes']);
    }
  });

  test('without names is matched by number', async () => {
    const sorted = await untrained(configOf('unnamed', 'numbers'));
    const reversed = await untrained(configOf('reversedUnnamed', 'numbers'));
    assert.deepEqual([...sorted.warnings, ...reversed.warnings], []);
    assert.deepEqual(reversed.probabilities, turned(sorted.probabilities, ['0', '1']));
    const named = await untrained(configOf('sorted'));
    assert.deepEqual(
      sorted.probabilities.map(Object.values),
      named.probabilities.map(Object.values),
    );
  });

  test('with names that are only written otherwise is matched by them, with a warning', async () => {
    const sorted = await untrained(configOf('sorted'));
    for (const head of ['', ', head: keep']) {
      const loud = await untrained(configOf('loud', 'words', head));
      assert.deepEqual(loud.probabilities, turned(sorted.probabilities, ['no', 'yes']));
      assert.equal(loud.warnings.length, 1);
      assert.match(loud.warnings[0]!, /: output 1 \(No\) is no, output 0 \(YES\) is yes\./);
    }
  });

  test('what matches: the same rule as for the data, and one to one', () => {
    const orderOf = (saved: string[], classes: string[]) => {
      const config = {
        task: 'classification' as const,
        model: { checkpointing: false, dtype: 'float32', freeze: 0, reinitialize: 0 } as const,
      };
      return savedHead({ classes: saved }, config, classes).order;
    };
    assert.deepEqual(orderOf(['1.0', '0.0'], ['0', '1']), [1, 0]);
    assert.deepEqual(orderOf(['LABEL_0', 'LABEL_1'], ['0.0', '1.0']), [0, 1]);
    assert.deepEqual(orderOf(['True', 'False'], ['FALSE', 'TRUE']), [1, 0]);
    assert.deepEqual(orderOf(['é', 'e'], ['e', 'e\u0301']), [1, 0]);
    assert.equal(orderOf(['9007199254740993', '0'], ['0', '9007199254740992']), null);
    assert.equal(orderOf(['1', '0'], ['1', '1.0']), null);
    assert.equal(orderOf(['1', '1.0'], ['1.00', '0']), null);
    assert.equal(orderOf(['x', 'X'], ['X', 'x ']), null);
  });

  test('with other names is replaced, with a warning', async () => {
    const kept = await untrained(configOf('sorted'));
    for (const [from, data, names] of [
      ['others', 'numbers', 'entailment, not_entailment, but the classes of the data 0, 1'],
      ['unnamed', 'words', 'LABEL_0, LABEL_1, but the classes of the data no, yes'],
    ] as const) {
      const { warnings, probabilities } = await untrained(configOf(from, data));
      assert.notDeepEqual(probabilities.map(Object.values), kept.probabilities.map(Object.values));
      assert.equal(warnings.length, 1);
      assert.ok(warnings[0]!.includes(`its outputs are named ${names}.`), warnings[0]);
      assert.match(warnings[0]!, /To reuse it, .* set model\.head: keep\./);
      const wanted = await untrained(configOf(from, data, ', head: new'));
      assert.deepEqual(wanted.warnings, []);
      assert.deepEqual(wanted.probabilities, probabilities);
    }
  });

  test('with other names is kept on request, with a warning that lists the assignment', async () => {
    const kept = await untrained(configOf('sorted'));
    const { warnings, probabilities } = await untrained(
      configOf('others', 'numbers', ', head: keep'),
    );
    assert.deepEqual(probabilities.map(Object.values), kept.probabilities.map(Object.values));
    assert.equal(warnings.length, 1);
    assert.match(
      warnings[0]!,
      /in order: output 0 \(entailment\) is 0, output 1 \(not_entailment\) is 1$/,
    );
    const byName = await untrained(configOf('reversed', 'words', ', head: keep'));
    assert.deepEqual(byName.warnings, []);
    assert.deepEqual(byName.probabilities, turned(kept.probabilities, ['no', 'yes']));
  });

  test('is saved in the order of the classes, and a run resumes from it', async () => {
    const config = configOf('reversed');
    const first = await trainerOf(folder, config, 'mean');
    await first.trainer.step(1);
    const run = path.join(folder, 'checkpoints');
    const name = await first.trainer.save(run, { step: 1, bestMetric: null }, { best: false });
    const outputs = (await first.trainer.validate(ignoreProgress)).predictions();
    await first.close();
    const { id2label } = JSON.parse(readFileSync(path.join(run, name, 'config.json'), 'utf8'));
    assert.deepEqual(id2label, { 0: 'no', 1: 'yes' });
    const [before, after] = await Promise.all(
      [path.join(folder, 'reversed'), path.join(run, name)].map(async (where) => {
        const tensors = await openSafetensors(where);
        const rows = await tensors.read('classifier.weight');
        await tensors.close();
        return [rows.subarray(0, rows.length / 2), rows.subarray(rows.length / 2)];
      }),
    );
    const far = (a: Float32Array, b: Float32Array) =>
      Math.max(...a.map((value, i) => Math.abs(value - b[i]!)));
    assert.ok(far(after![0]!, before![1]!) < 0.02 && far(after![1]!, before![0]!) < 0.02);
    const second = await trainerOf(folder, config, 'mean');
    await second.trainer.load(run);
    assert.deepEqual((await second.trainer.validate(ignoreProgress)).predictions(), outputs);
    await second.close();
  });

  test('of a regression has one output', () => {
    const config = { task: 'regression', model: {} } as Parameters<typeof savedHead>[1];
    assert.deepEqual(savedHead({ classes: ['LABEL_0'] }, config, []).order, [0]);
    assert.equal(savedHead({ classes: ['a', 'b'] }, config, []).order, null);
    assert.equal(savedHead({ classes: null }, config, []).order, null);
  });

  test('in any order gives each class the output of its name', () => {
    const config = { task: 'classification', model: {} } as Parameters<typeof savedHead>[1];
    const orders = fc
      .uniqueArray(fc.string(), { minLength: 2 })
      .chain((names) =>
        fc.tuple(fc.constant(names), fc.shuffledSubarray(names, { minLength: names.length })),
      );
    fc.assert(
      fc.property(orders, ([classes, saved]) => {
        const { order } = savedHead({ classes: saved }, config, classes);
        assert.deepEqual(
          order!.map((from) => saved[from]),
          classes,
        );
      }),
    );
  });
});
