import assert from 'node:assert/strict';
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { type Device, openDevice } from '../../../src/backends/device.ts';
import { readCheckpointConfig } from '../../../src/hub/architecture/checkpointConfig.ts';
import {
  adapterCheckpoint,
  type CheckpointFormat,
  fullCheckpoint,
} from '../../../src/nn/checkpointFormat.ts';
import { ModelError } from '../../../src/nn/module/model.ts';
import type { FineTuningPlan } from '../../../src/nn/parameters/source.ts';
import { python } from '../../python/python.ts';
import { testFolder } from '../hub/folder.ts';
import { withoutPadding } from './decoders.ts';
import { farthest } from './gradients.ts';
import { tensorsOf } from './peer.ts';
import { full } from './plan.ts';
import { tinyBatch } from './tinyBert.ts';
import { baseOf, change, type Kind, openTiny, TARGETS } from './tinyCheckpoints.ts';

const folder = testFolder();
const KINDS = Object.keys(TARGETS) as Kind[];
const loraOf = (kind: Kind) => ({ rank: 4, alpha: 8, dropout: 0, targets: TARGETS[kind] });

interface Saved {
  readonly kind: Kind;
  readonly what: string;
  readonly plan: FineTuningPlan;
}

const saved: readonly Saved[] = [
  ...KINDS.flatMap((kind) => [
    { kind, what: 'in full', plan: full },
    { kind, what: 'as adapters', plan: { ...full, lora: loraOf(kind) } },
  ]),
  ...Object.entries({
    'as adapters below a fresh layer': { reinitialize: 1, newHead: true },
    'as adapters above a frozen layer': { freeze: 1, newHead: true },
  }).map(([what, more]) => ({
    kind: 'bert' as const,
    what,
    plan: { ...full, lora: loraOf('bert'), ...more },
  })),
];
const folderOf = ({ kind, what }: Saved) => path.join(folder, kind, what);

const open = ({ kind, plan }: Saved) => openTiny(baseOf(folder, kind), plan);

async function filesOf({ kind, plan: { lora } }: Saved): Promise<CheckpointFormat> {
  const config = await readCheckpointConfig(baseOf(folder, kind));
  const companions = { json: config.json, generation: null, tokenizer: [] };
  if (!lora) return fullCheckpoint(companions);
  return adapterCheckpoint(companions, {
    ...{ lora, base: baseOf(folder, kind), revision: null },
    taskType: config.kind === 'decoder' ? 'CAUSAL_LM' : 'SEQ_CLS',
    fanInFanOut: kind === 'gpt2',
  });
}

/** Has Python load what is in the folders, and write its outputs there. */
async function load(): Promise<void> {
  const { ids, typeIds, lengths, length } = tinyBatch;
  const rows = (values: Int32Array) =>
    Array.from(lengths, (_, i) => [...values.subarray(i * length, (i + 1) * length)]);
  const batch = { ids: rows(ids), typeIds: rows(typeIds), lengths: [...lengths] };
  await python('saved_peer.py', ['load', folder, JSON.stringify(batch)]);
}

/** What Python wrote. */
async function loaded(one: Saved): Promise<ArrayLike<number>> {
  const there = await tensorsOf(path.join(folderOf(one), 'outputs.safetensors'));
  const outputs = there.get('outputs')!;
  const { kind } = await readCheckpointConfig(baseOf(folder, one.kind));
  return kind === 'decoder' ? withoutPadding(outputs, tinyBatch) : outputs;
}

describe('saved trained parameters', () => {
  let device: Device;
  const outputs = new Map<Saved, ArrayLike<number>>();
  before(async () => {
    device = await openDevice('cpu');
    await python('saved_peer.py', ['make', folder]);
    for (const one of saved) {
      const opened = await open(one);
      const untrained = await opened.outputs();
      change(opened.parameters);
      await mkdir(folderOf(one));
      await (await filesOf(one)).write(folderOf(one), opened.parameters);
      outputs.set(one, await opened.outputs());
      assert.ok(farthest(outputs.get(one)!, untrained) > 0.1, 'what is saved counts');
      opened.parameters.dispose();
    }
    await load();
  });
  after(() => device.close());

  for (const one of saved) {
    test(`${one.kind} ${one.what}: Python loads it to the same outputs`, async () => {
      const far = farthest(outputs.get(one)!, await loaded(one));
      assert.ok(far <= 1e-4, `${far}`);
    });
  }

  for (const one of saved) {
    test(`${one.kind} ${one.what}: is restored bit for bit`, async () => {
      const opened = await open(one);
      const tensors = await (await filesOf(one)).open(folderOf(one));
      await opened.parameters.assign(tensors, folderOf(one));
      await tensors.close();
      assert.deepEqual(await opened.outputs(), outputs.get(one));
      opened.parameters.dispose();
    });
  }

  test('is not loaded into another model, which stays unchanged', async () => {
    const [inFull, asAdapters] = saved as [Saved, Saved];
    const opened = await open(asAdapters);
    const before = await opened.outputs();
    const tensors = await (await filesOf(inFull)).open(folderOf(inFull));
    await assert.rejects(
      opened.parameters.assign(tensors, 'step-000001'),
      new ModelError(
        'step-000001 does not belong to this model: tensor bert.encoder.layer.0.attention.self.query.lora_A.weight is missing',
      ),
    );
    await tensors.close();
    assert.deepEqual(await opened.outputs(), before);
    opened.parameters.dispose();
  });
});
