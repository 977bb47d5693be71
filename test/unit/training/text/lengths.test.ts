import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { ConfigError } from '../../../../src/config/diagnostic.ts';
import { tinyTexts, writeTinyBert, writeTinyLlama } from '../tinyCheckpoint.ts';
import { trainerOf, unheard } from '../trainerOf.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'grain-lengths-'));
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

async function complaint(config: string) {
  try {
    const { close } = await trainerOf(folder, config, 'mean');
    await close();
  } catch (error) {
    assert.ok(error instanceof ConfigError, String(error));
    const { path, message, expected, line } = error.diagnostics[0]!;
    return { key: path?.join('.'), message, expected, line };
  }
  return assert.fail('nothing was complained of');
}

describe('texts and the positions of a network', () => {
  test('a length beyond them is a mistake of the config', async () => {
    for (const config of [classifier(', maxLength: 17'), generator(', maxLength: 17')]) {
      const { key, message, expected } = await complaint(config);
      assert.equal(key, 'data.maxLength');
      assert.equal(message, '17 tokens are more than the 16 that the network has positions for');
      assert.equal(expected, 'at most 16');
    }
  });

  test('without a length, texts are cut to them', async () => {
    const { trainer, session, close } = await trainerOf(folder, classifier(), 'mean');
    assert.deepEqual([...session.task.data.train.lengths!], [16, 12, 10, 9]);
    await trainer.step(1);
    await trainer.validate(unheard);
    await close();
  });

  test('an answer must find room behind the longest prompt', async () => {
    const short = await complaint(generator(', maxLength: 12, maxNewTokens: 5'));
    assert.equal(short.key, 'data.maxNewTokens');
    assert.match(short.message, /has 12 tokens, and 5 more are beyond the 16 that/);
    assert.equal(short.expected, 'at most 4, or shorter prompts, by a lower data.maxLength');
    const none = await complaint(generator(', maxNewTokens: 5'));
    assert.equal(none.expected, 'shorter prompts, by a lower data.maxLength');

    const config = generator(', maxLength: 12, maxNewTokens: 4');
    const { trainer, close } = await trainerOf(folder, config, 'mean');
    await trainer.validate(unheard);
    await close();
  });
});
