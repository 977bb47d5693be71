import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { ConfigError } from '../../../../src/config/diagnostic.ts';
import { tinyTexts, writeTinyBert, writeTinyLlama } from '../tinyCheckpoint.ts';
import { ignoreProgress, trainerOf } from '../trainerOf.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'grain-texts-'));
const POSITIONS = 16;
before(async () => {
  await writeTinyBert(path.join(folder, 'bert'), { positions: POSITIONS });
  await writeTinyLlama(path.join(folder, 'llama'), { positions: POSITIONS });
  writeFileSync(path.join(folder, 'texts.tsv'), tinyTexts([40, 12, 10, 9]));
});
after(() => rmSync(folder, { recursive: true }));

const classifier = (more = '') => `model: { from: ./bert }
data: { train: texts.tsv, validation: texts.tsv, text: text, target: answer${more} }
groups: { count: 2 }
batchSize: 4
device: cpu`;
const generator = (more = '') => `task: generation
model: { from: ./llama }
data: { train: texts.tsv, validation: texts.tsv, prompt: "{text} ", target: answer${more} }
groups: { count: 2 }
batchSize: 4
device: cpu`;

/** The first diagnostic of a config that is rejected. */
async function diagnosticOf(config: string) {
  try {
    const { close } = await trainerOf(folder, config, 'mean');
    await close();
  } catch (error) {
    assert.ok(error instanceof ConfigError, String(error));
    const { path, message, expected, line } = error.diagnostics[0]!;
    return { key: path?.join('.'), message, expected, line };
  }
  return assert.fail('the config is accepted');
}

describe('texts and the positions of a network', () => {
  test('a longer maxLength is a mistake in the config', async () => {
    for (const config of [classifier(', maxLength: 17'), generator(', maxLength: 17')]) {
      const { key, message, expected } = await diagnosticOf(config);
      assert.equal(key, 'data.maxLength');
      assert.equal(message, "17 tokens are more than the network's 16 positions");
      assert.equal(expected, 'at most 16');
    }
  });

  test('without maxLength, texts are truncated to them, and a step logs how many are left', async () => {
    const { trainer, session, close } = await trainerOf(folder, classifier(), 'mean');
    assert.deepEqual([...session.task.data.train.lengths!], [16, 12, 10, 9]);
    const { facts } = await trainer.step(1);
    assert.equal(facts.tokens, 16 + 12 + 10 + 9);
    await trainer.validate(ignoreProgress);
    await close();
  });

  test('texts that the tokenizer does not know: said once, with their share', async () => {
    const lines = (word: string) =>
      `text\tanswer\n${`${word} w1\tno\n${word} w2\tyes\n`.repeat(4)}`;
    const warningsFor = async (word: string) => {
      writeFileSync(path.join(folder, 'foreign.tsv'), lines(word));
      const config = classifier().replaceAll('texts.tsv', 'foreign.tsv');
      const { session, close } = await trainerOf(folder, config, 'mean');
      await close();
      return session.task.warnings.filter((warning) => /unknown to the tokenizer/.test(warning));
    };
    assert.deepEqual(await warningsFor('w3'), []);
    const [warning, ...more] = await warningsFor('слово');
    assert.match(warning!, /^50 % of the tokens of the training texts are unknown/);
    assert.deepEqual(more, []);
  });

  test('an answer must fit after the longest prompt', async () => {
    const short = await diagnosticOf(generator(', maxLength: 12, maxNewTokens: 5'));
    assert.equal(short.key, 'data.maxNewTokens');
    assert.match(short.message, /has 12 tokens, and 5 more exceed the network's 16 positions$/);
    assert.equal(short.expected, 'at most 4, or shorter prompts, by a lower data.maxLength');
    const none = await diagnosticOf(generator(', maxNewTokens: 5'));
    assert.equal(none.expected, 'shorter prompts, by a lower data.maxLength');

    const config = generator(', maxLength: 12, maxNewTokens: 4');
    const { trainer, close } = await trainerOf(folder, config, 'mean');
    await trainer.validate(ignoreProgress);
    await close();
  });
});

test('empty texts are reported once per file and used in training', async () => {
  writeFileSync(
    path.join(folder, 'train.tsv'),
    'one\ttwo\tanswer\nw1\t\tyes\n\tw2\tno\nw3\tw1\tyes\nw2\tw4\tno\n',
  );
  writeFileSync(path.join(folder, 'dev.tsv'), 'one\ttwo\tanswer\nw1\tw3\tyes\nw4\t\tno\n');
  const config = `model: { from: ./bert }
data: { train: train.tsv, validation: dev.tsv, text: [one, two], target: answer }
groups: { count: 2 }
batchSize: 2
evaluateExamples: 1
device: cpu`;
  const { trainer, session, close } = await trainerOf(folder, config, 'mean');
  const used = 'these examples are used with their other texts';
  assert.deepEqual(session.task.warnings, [
    `train.tsv: empty texts: 2, the first in line 2, column "two"; ${used}`,
    `dev.tsv: empty texts: 1, the first in line 3, column "two"; ${used}`,
  ]);
  const { losses } = (await trainer.step(1)).facts;
  assert.ok(losses.every(Number.isFinite));
  await close();
});

test('adapters for a decoder with all layers frozen: the mistake is at `freeze`', async () => {
  const config = `task: generation
model:
  from: ./llama
  adapter: { lora: { targets: [q_proj, gate_proj] } }
  freeze: 1
data: { train: texts.tsv, validation: texts.tsv, text: text, target: answer, maxLength: 12, maxNewTokens: 4 }
groups: { count: 2 }
batchSize: 2
device: cpu`;
  await assert.rejects(trainerOf(folder, config, 'mean'), (error) => {
    assert.ok(error instanceof ConfigError, String(error));
    const { line, path: key, message, expected } = error.diagnostics[0]!;
    assert.deepEqual([line, key], [5, ['model', 'freeze']]);
    const called = 'no linear layer q_proj is left for adapters';
    assert.equal(message, `${called}: freeze: 1 excludes all of them`);
    assert.equal(expected, 'fewer layers, or no model.adapter');
    return true;
  });
});
