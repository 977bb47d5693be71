import assert from 'node:assert/strict';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import * as tf from '@tensorflow/tfjs-core';
import { type Device, openDevice } from '../../../src/backends/device.ts';
import type { Operations } from '../../../src/backends/operations/operations.ts';
import { tfjsOperations } from '../../../src/backends/operations/tfjsOperations.ts';
import type { TokenBatch } from '../../../src/data/tokenBatch.ts';
import {
  type EncoderConfig,
  readCheckpointConfig,
} from '../../../src/hub/architecture/checkpointConfig.ts';
import { openSafetensors, type TensorFile } from '../../../src/hub/safetensors/safetensors.ts';
import { encoderBody } from '../../../src/nn/encoders/body.ts';
import { sequenceEncoder } from '../../../src/nn/encoders/sequenceEncoder.ts';
import { maxTokens } from '../../../src/nn/encoders/variants.ts';
import { LayerStack } from '../../../src/nn/layers/stack.ts';
import { runPass } from '../../../src/nn/module/pass.ts';
import { loadNetwork } from '../../../src/nn/parameters/networkParameters.ts';
import { defaultTargets } from '../../../src/nn/parameters/source.ts';
import { SequenceModel } from '../../../src/nn/sequenceModel.ts';
import { python } from '../../python/python.ts';
import { testFolder } from '../hub/folder.ts';
import { farthest } from './gradients.ts';
import { compare, takeAdapters, tensorsOf } from './peer.ts';
import { full } from './plan.ts';

const sentences = [
  'Weapons of Mass Destruction Found in Iraq.',
  'No Weapons of Mass Destruction Found in Iraq Yet.',
  'A place of sorrow, after Pope John Paul II died, became a place of celebration.',
  'Herceptin was already approved to treat the sickest breast cancer patients, and the company said, Monday, it will discuss with federal regulators the possibility of prescribing the drug for more breast cancer patients.',
  'A plane is taking off.',
];
const labels = [1, 1, 0, 0, 1];
const bounds = [0, 2, 5];

const folder = testFolder();
let source: { config: EncoderConfig; tensors: TensorFile; file: string };
let tokens: TokenBatch;

before(async () => {
  const asked = JSON.stringify({ sentences, labels, bounds });
  const peer: { folder: string; ids: number[][]; lengths: number[] } = JSON.parse(
    await python('minilm_peer.py', [folder, asked]),
  );
  const ids = Int32Array.from(peer.ids.flat());
  tokens = {
    batchSize: sentences.length,
    length: peer.ids[0]!.length,
    ids,
    typeIds: new Int32Array(ids.length),
    lengths: Int32Array.from(peer.lengths),
    exampleBounds: bounds,
  };
  source = {
    config: (await readCheckpointConfig(peer.folder)) as EncoderConfig,
    tensors: await openSafetensors(peer.folder),
    file: peer.folder,
  };
});
after(() => source.tensors.close());

for (const kernels of ['own', "tfjs's"] as const) {
  describe(`all-MiniLM-L6-v2 on wasm with ${kernels} kernels, beside transformers`, () => {
    let device: Device;
    let operations: Operations;
    before(async () => {
      device = await openDevice('wasm');
      operations = kernels === 'own' ? device.operations! : tfjsOperations;
    });
    after(() => device.close());

    test('hidden states and embeddings of sentences', async () => {
      const { config } = source;
      const { layers, initializerRange } = config;
      const { network, parameters } = await loadNetwork(
        { ...source, layers, initializerRange, prefix: 'bert.', plan: full },
        async (parameters) => {
          const body = await encoderBody(parameters, config, false);
          return new LayerStack(body.input, body.layers);
        },
      );
      const hidden = await runPass(
        operations,
        tokens,
        { dropout: null, sink: null },
        async (pass) => network.forward(pass).y.data<'float32'>(),
      );
      const reference = await tensorsOf(path.join(folder, 'embeddings.safetensors'));
      const { hiddenSize: width } = config;
      tokens.lengths.forEach((length, example) => {
        const start = example * tokens.length * width;
        const rows = (values: Float32Array) => values.subarray(start, start + length * width);
        assert.ok(farthest(rows(hidden), rows(reference.get('hidden')!)) <= 1e-4);
        const mean = Float32Array.from({ length: width }, (_, column) => {
          const all = Array.from({ length }, (_, row) => hidden[start + row * width + column]!);
          return all.reduce((sum, value) => sum + value) / length;
        });
        const expected = reference.get('mean')!.subarray(example * width, (example + 1) * width);
        assert.ok(farthest(mean, expected) <= 1e-4);
      });
      parameters.dispose();
    });

    for (const [what, where, lora] of [
      ['LoRA', 'lora', { rank: 8, alpha: 16, dropout: 0, targets: defaultTargets.bert }],
      ['in full', 'full', null],
    ] as const) {
      test(`${what}: outputs, losses and the gradients of two groups`, async () => {
        const here = path.join(folder, where);
        const tensors = lora ? source.tensors : await openSafetensors(here);
        const { network, parameters } = await sequenceEncoder(
          {
            ...source,
            tensors,
            plan: { ...full, newHead: lora !== null, lora },
            checkpointing: false,
          },
          2,
        );
        if (lora) await takeAdapters(parameters, here);
        else await tensors.close();
        const model = new SequenceModel(
          operations,
          network,
          'classification',
          maxTokens(source.config),
        );
        const before = tf.memory().numTensors;
        const reference = await tensorsOf(path.join(here, 'reference.safetensors'));
        await compare({ model, parameters }, tokens, labels, reference);
        assert.equal(tf.memory().numTensors, before);
        parameters.dispose();
      });
    }
  });
}
