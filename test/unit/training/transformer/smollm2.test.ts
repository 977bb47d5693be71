import assert from 'node:assert/strict';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { type Device, openDevice } from '../../../../src/training/devices/device.ts';
import { composed } from '../../../../src/training/transformer/composed.ts';
import type { Operations } from '../../../../src/training/transformer/operations.ts';
import { smollm2 } from '../../../python/checkpoints.ts';
import { python } from '../../../python/python.ts';
import { testFolder } from '../huggingface/folder.ts';
import { alone, logitsOf, type OpenedCausal, openCausal } from './decoders.ts';
import { distance } from './gradients.ts';
import { tensorsOf } from './peer.ts';
import { full } from './plan.ts';

/** The first problem of GSM8K's test set (Cobbe et al., arXiv 2110.14168; MIT licence). */
const QUESTION =
  "Janet’s ducks lay 16 eggs per day. She eats three for breakfast every morning and bakes muffins for her friends every day with four. She sells the remainder at the farmers' market daily for $2 per fresh duck egg. How much in dollars does she make every day at the farmers' market?";
const ANSWER =
  '\nJanet sells 16 - 3 - 4 = <<16-3-4=9>>9 duck eggs a day.\nShe makes 9 * 2 = $<<9*2=18>>18 every day at the farmer’s market.\n#### 18';
const TOKENS = 24;

const folder = testFolder();

describe('SmolLM2-135M on wasm, beside transformers', () => {
  let device: Device;
  let operations: Operations;
  let opened: OpenedCausal;
  let read: { ids: number[]; prompt: number[]; continued: number[]; margin: number };
  let expected: Map<string, Float32Array>;

  before(async () => {
    const checkpoint = await smollm2();
    const args = [checkpoint, folder, QUESTION, ANSWER, `${TOKENS}`];
    read = JSON.parse(await python('decoders_peer.py', ['smollm2_reads', ...args]));
    expected = await tensorsOf(path.join(folder, 'expected.safetensors'));
    device = await openDevice('wasm');
    operations = device.operations ?? composed;
    opened = await openCausal(checkpoint, { operations, plan: { ...full, freeze: 30 } });
  });
  after(async () => {
    opened.parameters.dispose();
    await device.close();
  });

  test('logits and losses of a real text', async () => {
    const logits = await logitsOf(operations, opened, alone(read.ids));
    const far = distance(logits, expected.get('logits')!);
    assert.ok(far < 1e-4, `${far}`);
    const losses = await opened.model.losses(alone(read.ids), [1]);
    assert.ok(distance(losses, expected.get('losses')!) < 1e-4);
  });

  test('goes on as transformers does', async () => {
    assert.ok(read.margin > 1e-3, 'no close call');
    const { model } = opened;
    const options = { maxNewTokens: TOKENS, endIds: [2] };
    assert.deepEqual(await model.generate([read.prompt], options), [read.continued]);
    const both = await model.generate([read.ids.slice(0, 9), read.prompt], options);
    assert.deepEqual(both[1], read.continued, 'beside a shorter text too');
  });
});
