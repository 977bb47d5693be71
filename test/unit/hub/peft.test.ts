import assert from 'node:assert/strict';
import { cp, mkdir, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { before, suite, test } from 'node:test';
import { CheckpointError } from '../../../src/hub/checkpointFile.ts';
import { readAdapter, writeAdapter } from '../../../src/hub/peft.ts';
import {
  type NamedTensor,
  type TensorFile,
  writeSafetensors,
} from '../../../src/hub/safetensors/safetensors.ts';
import { python } from '../../python/python.ts';
import { testFolder } from './folder.ts';

const folder = testFolder();
const adapterFolder = (name: string) => path.join(folder, name, 'there');

async function all(tensors: TensorFile): Promise<NamedTensor[]> {
  const list: NamedTensor[] = [];
  for (const name of tensors.names) {
    list.push({ name, shape: tensors.shapeOf(name), values: await tensors.read(name) });
  }
  await tensors.close();
  return list;
}

suite('adapters of peft', () => {
  before(() => python('peft_peer.py', ['make', folder]));

  test('a model computes the same after we read and write its adapter', async () => {
    const names = ['bert', 'llama', 'gpt2', 'expression'];
    for (const name of names) {
      const { tensors, ...description } = await readAdapter(adapterFolder(name));
      const adapter = { ...description, tensors: await all(tensors) };
      await writeAdapter(path.join(folder, name, 'here'), adapter);
    }
    const answers = JSON.parse(await python('peft_peer.py', ['check', folder, ...names]));
    for (const name of names) {
      const { difference, withoutIt, complaints } = answers[name];
      assert.equal(difference, 0, name);
      assert(withoutIt > 0.01, `${name}: the adapter changes nothing`);
      assert.deepEqual(complaints, [], name);
    }
  });

  test('an adapter has its config, and tensors with the names of the network', async () => {
    const { tensors, config, ...rest } = await readAdapter(adapterFolder('bert'));
    assert.deepEqual(
      { ...config, targets: [...config.targets].sort() },
      {
        rank: 3,
        alpha: 7,
        dropout: 0.2,
        targets: ['query', 'value'],
      },
    );
    assert.deepEqual(rest, {
      base: '',
      revision: null,
      taskType: 'SEQ_CLS',
      fanInFanOut: false,
      modulesToSave: ['classifier', 'score'],
    });
    assert(tensors.names.includes('bert.encoder.layer.0.attention.self.query.lora_A.weight'));
    assert(tensors.names.includes('classifier.weight'));
    assert.deepEqual(
      tensors.shapeOf('bert.encoder.layer.1.attention.self.value.lora_B.weight'),
      [16, 3],
    );
    await tensors.close();
  });

  test('layers selected by a regular expression are those with an adapter', async () => {
    const { tensors, config } = await readAdapter(adapterFolder('expression'));
    await tensors.close();
    assert.deepEqual([...config.targets].sort(), ['q_proj', 'v_proj']);
  });

  const variants = {
    dora: 'use_dora',
    rslora: 'use_rslora',
    pattern: 'rank_pattern',
    bias: 'bias',
  };
  for (const [name, field] of Object.entries(variants)) {
    test(`${name} is an error`, () => failsWith(adapterFolder(name), 'adapter_config.json', field));
  }

  test('an adapter without weights is an error', async () => {
    const made = path.join(folder, 'weightless');
    await cp(adapterFolder('bert'), made, { recursive: true });
    await rm(path.join(made, 'adapter_model.safetensors'));
    await failsWith(made, 'adapter_model.safetensors');
  });

  test('tensors that do not belong to an adapter are an error', async () => {
    const made = path.join(folder, 'other');
    await cp(adapterFolder('bert'), made, { recursive: true });
    const file = path.join(made, 'adapter_model.safetensors');
    await writeSafetensors(file, [{ name: 'a.weight', shape: [1], values: Float32Array.of(1) }]);
    await failsWith(made, 'a.weight');
  });

  test('a method other than LoRA is an error', async () => {
    const made = path.join(folder, 'method');
    await mkdir(made);
    await writeFile(path.join(made, 'adapter_config.json'), '{"peft_type": "IA3"}');
    await failsWith(made, 'peft_type', 'LORA');
  });
});

async function failsWith(adapter: string, ...words: string[]): Promise<void> {
  await assert.rejects(readAdapter(adapter), (error: Error) => {
    assert(error instanceof CheckpointError, error.stack);
    for (const word of words) assert(error.message.includes(word), error.message);
    return true;
  });
}
