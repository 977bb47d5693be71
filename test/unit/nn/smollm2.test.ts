import assert from 'node:assert/strict';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { type Device, openDevice } from '../../../src/backends/device.ts';
import type { Operations } from '../../../src/backends/operations/operations.ts';
import { tfjsOperations } from '../../../src/backends/operations/tfjsOperations.ts';
import { smollm2 } from '../../python/checkpoints.ts';
import { python } from '../../python/python.ts';
import { testFolder } from '../hub/folder.ts';
import { alone, compareCausal, logitsOf, type OpenedCausal, openCausal } from './decoders.ts';
import { distance, farthest } from './gradients.ts';
import { takeAdapters, tensorsOf } from './peer.ts';
import { full } from './plan.ts';

/** The first problem of GSM8K's test set (Cobbe et al., arXiv 2110.14168; MIT licence). */
const QUESTION =
  "Janet’s ducks lay 16 eggs per day. She eats three for breakfast every morning and bakes muffins for her friends every day with four. She sells the remainder at the farmers' market daily for $2 per fresh duck egg. How much in dollars does she make every day at the farmers' market?";
const ANSWER =
  '\nJanet sells 16 - 3 - 4 = <<16-3-4=9>>9 duck eggs a day.\nShe makes 9 * 2 = $<<9*2=18>>18 every day at the farmer’s market.\n#### 18';
const TOKENS = 24;
/** Six short ones, in the groups of the tiny decoders: of 1, 2 and 3. */
const SUMS = [
  ['What is 3 + 4?', ' 7'],
  ['Ann has 2 cats and 5 dogs. How many pets?', ' 2 + 5 = 7'],
  ['What is 9 - 1?', ' 9 - 1 = 8'],
  ['Name a colour.', ' Blue'],
  ['How many days are in two weeks?', ' 14 days'],
  ['What is half of 12?', ' 12 / 2 = 6'],
];
const LINEAR = ['q_proj', 'k_proj', 'v_proj', 'o_proj', 'gate_proj', 'up_proj', 'down_proj'];

/** Absolute, of logits that reach 42, where float32's spacing is 4e-6; PyTorch in float32 is off by 0.65e-4 from its float64. */
const LOGITS = 1e-4;

const folder = testFolder();

describe('SmolLM2-135M on wasm, beside transformers', () => {
  let device: Device;
  let operations: Operations;
  let checkpoint: string;
  let opened: OpenedCausal;
  let read: { ids: number[]; prompt: number[]; continued: number[]; margin: number };
  let expected: Map<string, Float32Array>;

  before(async () => {
    checkpoint = await smollm2();
    const args = [checkpoint, folder, QUESTION, ANSWER, `${TOKENS}`, JSON.stringify(SUMS)];
    read = JSON.parse(await python('decoders_peer.py', ['smollm2_reads', ...args]));
    expected = await tensorsOf(path.join(folder, 'expected.safetensors'));
    device = await openDevice('wasm');
    operations = device.operations ?? tfjsOperations;
    opened = await openCausal(checkpoint, { operations, plan: { ...full, freeze: 30 } });
  });
  after(async () => {
    opened.parameters.dispose();
    await device.close();
  });

  test('logits and losses of a real text', async () => {
    const logits = await logitsOf(operations, opened, alone(read.ids));
    const far = farthest(logits, expected.get('logits')!);
    assert.ok(far <= LOGITS, `${far}`);
    const losses = await opened.model.losses(alone(read.ids), [1]);
    assert.ok(distance(losses, expected.get('losses')!) < 1e-4);
  });

  test('generates the same tokens as transformers', async () => {
    assert.ok(read.margin > 1e-3, 'no close call');
    const { model } = opened;
    const options = { maxNewTokens: TOKENS, endIds: [2] };
    assert.deepEqual(await model.generate([read.prompt], options), [read.continued]);
    const both = await model.generate([read.ids.slice(0, 9), read.prompt], options);
    assert.deepEqual(both[1], read.continued, 'beside a shorter text too');
  });

  test('gradients of the upper layers in full', async () => {
    const upper = await openCausal(checkpoint, { operations, plan: { ...full, freeze: 28 } });
    const expected = await tensorsOf(path.join(folder, 'upper.safetensors'));
    await compareCausal(operations, upper, expected, { logits: LOGITS, gradients: 1e-3 });
    upper.parameters.dispose();
  });

  test('gradients of adapters on every linear layer', async () => {
    const lora = { rank: 3, alpha: 7, dropout: 0, targets: LINEAR };
    const adapted = await openCausal(checkpoint, { operations, plan: { ...full, lora } });
    await takeAdapters(adapted.parameters, path.join(folder, 'adapter'));
    const expected = await tensorsOf(path.join(folder, 'adapter', 'expected.safetensors'));
    await compareCausal(operations, adapted, expected, { logits: LOGITS, gradients: 1e-3 });
    adapted.parameters.dispose();
  });
});
