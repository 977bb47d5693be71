import assert from 'node:assert/strict';
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import * as tf from '@tensorflow/tfjs-core';
import { type Device, openDevice } from '../../../../src/training/devices/device.ts';
import {
  type EncoderConfig,
  readCheckpointConfig,
} from '../../../../src/training/huggingface/config.ts';
import { openSafetensors } from '../../../../src/training/huggingface/safetensors.ts';
import { ModelError } from '../../../../src/training/models/model.ts';
import { composed } from '../../../../src/training/transformer/composed.ts';
import { sequenceEncoder } from '../../../../src/training/transformer/encoders/build.ts';
import { maxTokens } from '../../../../src/training/transformer/encoders/positions.ts';
import {
  adapterFiles,
  type Files,
  wholeFiles,
} from '../../../../src/training/transformer/files.ts';
import { defaultTargets, type Plan } from '../../../../src/training/transformer/plan.ts';
import { SequenceModel } from '../../../../src/training/transformer/sequenceModel.ts';
import { python } from '../../../python/python.ts';
import { testFolder } from '../huggingface/folder.ts';
import { distance } from './gradients.ts';
import { type Network, tensorsOf } from './peer.ts';
import { full } from './plan.ts';
import { tinyBatch } from './tinyBert.ts';

const folder = testFolder();
const base = path.join(folder, 'base');
const lora = { rank: 4, alpha: 8, dropout: 0, targets: defaultTargets.bert };
const CLASSES = 3;

async function open(plan: Plan): Promise<Network> {
  const config = (await readCheckpointConfig(base)) as EncoderConfig;
  const tensors = await openSafetensors(base);
  const source = { config, tensors, file: base, plan, checkpointing: false };
  const { network, parameters } = await sequenceEncoder(source, CLASSES);
  await tensors.close();
  const model = new SequenceModel(composed, network, 'classification', maxTokens(config));
  return { model, parameters };
}

/** As training would, but sooner. */
function change({ parameters }: Network): void {
  parameters.trainable.forEach((variable, i) => {
    tf.tidy(() =>
      variable.assign(tf.add(variable, tf.randomNormal(variable.shape, 0, 0.2, 'float32', i + 1))),
    );
  });
}

const plans: Readonly<Record<string, Plan>> = {
  'in full': full,
  'as adapters': { ...full, lora },
  'as adapters below a fresh layer': { ...full, lora, reinitialize: 1, newHead: true },
  'as adapters above a frozen layer': { ...full, lora, freeze: 1, newHead: true },
};
const folderOf = (what: string) => path.join(folder, what);

async function filesOf({ lora }: Plan): Promise<Files> {
  const { json } = await readCheckpointConfig(base);
  const companions = { json, generation: null, tokenizer: [] };
  if (!lora) return wholeFiles(companions);
  const where = { base, revision: null };
  return adapterFiles(companions, { lora, ...where, taskType: 'SEQ_CLS', fanInFanOut: false });
}

/** Has Python load what is in the folders, and write its outputs there. */
async function load(folders: readonly string[]): Promise<void> {
  const { ids, typeIds, lengths, length } = tinyBatch;
  const rows = (values: Int32Array) =>
    Array.from(lengths, (_, i) => [...values.subarray(i * length, (i + 1) * length)]);
  const batch = { ids: rows(ids), typeIds: rows(typeIds), lengths: [...lengths] };
  await python('saved_peer.py', ['load', base, JSON.stringify(batch), ...folders]);
}

describe('what was trained, saved', () => {
  let device: Device;
  const outputs = new Map<string, Float32Array>();
  before(async () => {
    device = await openDevice('cpu');
    await python('saved_peer.py', ['make', base]);
    for (const [what, plan] of Object.entries(plans)) {
      const network = await open(plan);
      change(network);
      await mkdir(folderOf(what));
      await (await filesOf(plan)).write(folderOf(what), network.parameters);
      outputs.set(what, await network.model.outputs(tinyBatch));
      network.parameters.dispose();
    }
    await load(Object.keys(plans).map(folderOf));
  });
  after(() => device.close());

  for (const what of Object.keys(plans)) {
    test(`${what}: Python loads it to the same outputs`, async () => {
      const there = await tensorsOf(path.join(folderOf(what), 'outputs.safetensors'));
      assert.ok(distance(outputs.get(what)!, there.get('outputs')!, 1) < 1e-4);
    });
  }

  for (const [what, plan] of Object.entries(plans)) {
    test(`${what}: comes back bit for bit`, async () => {
      const { model, parameters } = await open(plan);
      const tensors = await (await filesOf(plan)).open(folderOf(what));
      await parameters.assign(tensors, folderOf(what));
      await tensors.close();
      assert.deepEqual(await model.outputs(tinyBatch), outputs.get(what));
      parameters.dispose();
    });
  }

  test('does not come back into another model, which stays as it is', async () => {
    const { model, parameters } = await open({ ...full, lora });
    const before = await model.outputs(tinyBatch);
    const tensors = await (await filesOf(full)).open(folderOf('in full'));
    await assert.rejects(
      parameters.assign(tensors, 'step-000001'),
      new ModelError(
        'step-000001 is not of this model: of bert.encoder.layer.0.attention.self.query.lora_A.weight it has nothing, expected is [4,32]',
      ),
    );
    await tensors.close();
    assert.deepEqual(await model.outputs(tinyBatch), before);
    parameters.dispose();
  });
});
