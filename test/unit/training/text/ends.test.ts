import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { TextData } from '../../../../src/data/dataset.ts';
import { readGenerationConfig } from '../../../../src/hub/architecture/generationConfig.ts';
import { CheckpointError } from '../../../../src/hub/checkpointFile.ts';
import { python } from '../../../python/python.ts';
import { tinyTexts, writeTinyLlama } from '../tinyCheckpoint.ts';
import { ignoreProgress, trainerOf } from '../trainerOf.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'grain-ends-'));
const llama = path.join(folder, 'llama');
const SPECIAL = ['[PAD]', '[UNK]', '[EOS]'];
const EOS = SPECIAL.indexOf('[EOS]');
const TOKENS = 8;
const config = `task: generation
model: { from: ./llama }
data: { train: texts.tsv, validation: texts.tsv, prompt: "{text} ", target: answer, maxNewTokens: ${TOKENS} }
groups: { count: 2 }
batchSize: 2
device: cpu`;

function write(file: string, json: object): void {
  writeFileSync(path.join(llama, file), JSON.stringify(json));
}

/** Answers before the first step as token ids, and what a checkpoint then has. */
async function untrained() {
  const { trainer, session, close } = await trainerOf(folder, config, 'mean');
  const lines = (await trainer.validate(ignoreProgress)).predictions() as readonly {
    prediction: string;
  }[];
  const run = mkdtempSync(path.join(folder, 'run-'));
  const name = await trainer.save(run, { step: 0, bestMetric: null }, { best: false });
  const { questions } = (session.task.data as TextData).validation;
  await close();
  const checkpoint = path.join(run, name);
  const json = (file: string) => JSON.parse(readFileSync(path.join(checkpoint, file), 'utf8'));
  return {
    answers: lines.map(({ prediction }) => prediction.split(' ').filter(Boolean).map(idOf)),
    prompts: questions.map(({ prompt }) => [...prompt]),
    checkpoint,
    json,
  };
}

/** Of the words w0, w1 and so on, behind special tokens. */
const idOf = (word: string) =>
  word.startsWith('w') ? Number(word.slice(1)) + SPECIAL.length : SPECIAL.indexOf(word);

describe('tokens that end an answer', () => {
  let plain: Awaited<ReturnType<typeof untrained>>;
  before(async () => {
    await writeTinyLlama(llama);
    writeFileSync(path.join(folder, 'texts.tsv'), tinyTexts([9, 7, 8, 6]));
    plain = await untrained();
  });
  after(() => rmSync(folder, { recursive: true }));

  for (const [where, ends] of [
    ['generation_config.json', (id: number) => [id, 22]],
    ['config.json', (id: number) => [EOS, id]],
  ] as const) {
    test(`are all that ${where} names, in answers and in what is saved`, async () => {
      const original = readFileSync(path.join(llama, 'config.json'), 'utf8');
      // What the first answer goes on with after its first token.
      const [first] = plain.answers;
      const end = first!.find((id, i) => i > 0 && id !== first![0]) ?? first![0]!;
      const named = ends(end);
      const isOwn = where === 'generation_config.json';
      const other = { ...(isOwn ? { temperature: 0.6, do_sample: true } : JSON.parse(original)) };
      write(where, { ...other, eos_token_id: named });
      const { answers, prompts, checkpoint, json } = await untrained();
      if (isOwn) rmSync(path.join(llama, where));
      else writeFileSync(path.join(llama, where), original);

      const all = [...new Set([...named, EOS])];
      const cut = plain.answers.map((ids) => {
        const at = ids.findIndex((id) => all.includes(id));
        return at < 0 ? ids : ids.slice(0, at + 1);
      });
      assert.ok(cut[0]!.length < plain.answers[0]!.length);
      assert.deepEqual(answers, cut);

      assert.deepEqual(json('config.json').eos_token_id, all);
      const saved = { ...(isOwn && other), eos_token_id: all };
      assert.deepEqual(json('generation_config.json'), saved);
      const args = ['generated', checkpoint, JSON.stringify(prompts), String(TOKENS)];
      assert.deepEqual(JSON.parse(await python('saved_runs_peer.py', args)), answers);
    });
  }

  test('a single one is saved as it was', () => {
    assert.equal(plain.json('config.json').eos_token_id, EOS);
    assert.ok(plain.answers.every(({ length }) => length <= TOKENS));
  });

  test('in an unknown form are rejected, and the file is named', async () => {
    for (const ends of ['</s>', [1, 'x'], -1]) {
      write('generation_config.json', { eos_token_id: ends });
      await assert.rejects(readGenerationConfig(llama, null), (error: Error) => {
        assert.ok(error instanceof CheckpointError);
        assert.match(error.message, /generation_config\.json: eos_token_id/);
        return true;
      });
    }
    write('generation_config.json', { do_sample: false });
    assert.deepEqual((await readGenerationConfig(llama, null)).endIds, [EOS]);
    rmSync(path.join(llama, 'generation_config.json'));
  });
});
