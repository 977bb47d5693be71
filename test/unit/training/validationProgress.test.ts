import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import * as tf from '@tensorflow/tfjs-core';
import type { TextData } from '../../../src/data/dataset.ts';
import { ringsOf } from '../../integration/rings.ts';
import { tinyTexts, writeTinyBert, writeTinyLlama } from './tinyCheckpoint.ts';
import { ignoreProgress, trainerOf } from './trainerOf.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'grain-progress-'));
before(async () => {
  await writeTinyBert(path.join(folder, 'bert'));
  await writeTinyLlama(path.join(folder, 'llama'), { positions: 64 });
  writeFileSync(path.join(folder, 'rings.csv'), ringsOf(600));
  writeFileSync(path.join(folder, 'few.tsv'), tinyTexts([5, 3, 4, 2, 6, 3]));
  // 8192 tokens pass through a network at a time.
  writeFileSync(path.join(folder, 'many.tsv'), tinyTexts(new Array<number>(600).fill(30)));
});
after(() => rmSync(folder, { recursive: true }));

const settings = 'groups: { count: 2 }\nbatchSize: 4\nsteps: 3';
const table = `model: { hidden: [4] }
data: { train: rings.csv, validation: rings.csv, target: ring }
${settings}`;
const classifier = `model: { from: ./bert }
data: { train: few.tsv, validation: many.tsv, text: text, target: answer }
${settings}`;
/** The answers to few questions, and to many. */
const generator = (validation: string, maxNewTokens: number) => `task: generation
model: { from: ./llama }
data: { train: few.tsv, validation: ${validation}, prompt: "{text} ", target: answer, maxLength: 40, maxNewTokens: ${maxNewTokens} }
${settings}`;

describe('a validation reports its progress and can be ended at any moment', () => {
  for (const [what, device, config, least] of [
    ['rows of numbers', 'cpu', table, 3],
    ['texts', 'wasm', classifier, 3],
    ['answers to few prompts, token by token', 'cpu', generator('few.tsv', 12), 13],
    ['answers to many prompts', 'wasm', generator('many.tsv', 3), 8],
  ] as const) {
    test(`${what}, ${device}`, async () => {
      const { trainer, close } = await trainerOf(folder, `${config}\ndevice: ${device}`, 'grain');
      const before = tf.memory().numTensors;
      const reported: number[] = [];
      const expected = await trainer.validate(async (done) => void reported.push(done));
      assert.equal(tf.memory().numTensors, before);
      const distinct = [...new Set(reported)];
      assert.ok(distinct.length >= least, `reported ${reported}`);
      assert.deepEqual(
        distinct,
        [...distinct].sort((a, b) => a - b),
      );
      assert.ok(distinct[0]! > 0);
      assert.equal(distinct.at(-1), 1);

      for (const last of reported.keys()) {
        let calls = 0;
        const enough = new Error('enough');
        const ended = trainer.validate(async () => {
          if (calls++ === last) throw enough;
        });
        await assert.rejects(ended, (error) => error === enough);
        assert.equal(calls, last + 1, 'nothing is done afterwards');
        assert.equal(tf.memory().numTensors, before, `ended at ${reported[last]}`);
      }
      assert.deepEqual((await trainer.validate(ignoreProgress)).metrics, expected.metrics);
      await close();
    });
  }
});

test('generating answers counts by its tokens', async () => {
  const shares: number[] = [];
  for (const maxNewTokens of [1, 30]) {
    const config = `${generator('few.tsv', maxNewTokens)}\ndevice: cpu`;
    const { trainer, session, close } = await trainerOf(folder, config, 'grain');
    const { lengths, questions } = (session.task.data as TextData).validation;
    const reported: number[] = [];
    await trainer.validate(async (done) => void reported.push(done));
    const read = Array.from(lengths).reduce((sum, length) => sum + length);
    const answered = questions.reduce((sum, { prompt }) => sum + prompt.length + maxNewTokens, 0);
    assert.ok(Math.abs(reported[0]! - read / (read + answered)) < 1e-9);
    shares.push(reported[0]!);
    await close();
  }
  assert.ok(shares[1]! < shares[0]! / 3);
});
