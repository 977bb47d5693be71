import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import * as tf from '@tensorflow/tfjs-core';
import { type Device, openDevice } from '../../../../src/training/devices/device.ts';
import type { DecoderConfig } from '../../../../src/training/huggingface/config.ts';
import { causalDecoder } from '../../../../src/training/transformer/decoders/build.ts';
import {
  fittingBatch,
  type StepShape,
  stepMemory,
} from '../../../../src/training/transformer/memory.ts';
import type { TensorReader } from '../../../../src/training/transformer/parameters.ts';
import { defaultTargets, type Plan } from '../../../../src/training/transformer/plan.ts';
import { full } from './decoders.ts';
import { batchOf, peakOf } from './peak.ts';

const llama: DecoderConfig = {
  kind: 'decoder',
  modelType: 'llama',
  layers: 4,
  heads: 6,
  keyValueHeads: 2,
  headWidth: 16,
  width: 96,
  innerWidth: 256,
  vocabulary: 500,
  maxPositions: 128,
  normEpsilon: 1e-5,
  activation: 'silu',
  tiedEmbeddings: false,
  attentionBias: false,
  outputBias: false,
  mlpBias: false,
  rope: { theta: 10_000, scaling: null },
  dropout: 0,
  attentionDropout: 0,
  embeddingDropout: 0,
};
const gpt2: DecoderConfig = {
  ...llama,
  modelType: 'gpt2',
  keyValueHeads: 6,
  activation: 'gelu_new',
  tiedEmbeddings: true,
  attentionBias: true,
  outputBias: true,
  mlpBias: true,
  rope: null,
};
const configs = { llama, gpt2 };

const lora = (model: DecoderConfig['modelType'], dropout: number): Plan => ({
  ...full,
  lora: { rank: 8, alpha: 8, dropout, targets: defaultTargets[model] },
});
const plansOf = (model: DecoderConfig['modelType']): Record<string, Plan> => ({
  full,
  'the upper layers': { ...full, freeze: 2 },
  adapters: lora(model, 0),
  'adapters with dropout': lora(model, 0.1),
});

/** Zeros of the shapes that a network of this config has. */
function zeros(config: DecoderConfig): TensorReader {
  const shapes = new Map(shapesOf(config));
  return {
    names: [...shapes.keys()],
    shapeOf: (name) => shapes.get(name)!,
    read: async (name) => new Float32Array(tf.util.sizeFromShape([...shapes.get(name)!])),
  };
}

type Shapes = readonly (readonly [name: string, shape: readonly number[]])[];

function shapesOf(config: DecoderConfig): Shapes {
  const { layers, width, innerWidth, headWidth, vocabulary, maxPositions } = config;
  const numbers = Array.from({ length: layers }, (_, i) => i);
  if (config.modelType === 'gpt2') {
    const dense = (name: string, from: number, to: number): Shapes => [
      [`${name}.weight`, [from, to]],
      [`${name}.bias`, [to]],
    ];
    const norm = (name: string): Shapes => dense(name, 1, width).map(([it]) => [it, [width]]);
    return [
      ['transformer.wte.weight', [vocabulary, width]],
      ['transformer.wpe.weight', [maxPositions, width]],
      ...norm('transformer.ln_f'),
      ...numbers.flatMap((i) => [
        ...norm(`transformer.h.${i}.ln_1`),
        ...norm(`transformer.h.${i}.ln_2`),
        ...dense(`transformer.h.${i}.attn.c_attn`, width, 3 * width),
        ...dense(`transformer.h.${i}.attn.c_proj`, width, width),
        ...dense(`transformer.h.${i}.mlp.c_fc`, width, innerWidth),
        ...dense(`transformer.h.${i}.mlp.c_proj`, innerWidth, width),
      ]),
    ];
  }
  const [asking, asked] = [config.heads * headWidth, config.keyValueHeads * headWidth];
  return [
    ['model.embed_tokens.weight', [vocabulary, width]],
    ['model.norm.weight', [width]],
    ['lm_head.weight', [vocabulary, width]],
    ...numbers.flatMap(
      (i): Shapes => [
        [`model.layers.${i}.input_layernorm.weight`, [width]],
        [`model.layers.${i}.post_attention_layernorm.weight`, [width]],
        [`model.layers.${i}.self_attn.q_proj.weight`, [asking, width]],
        [`model.layers.${i}.self_attn.k_proj.weight`, [asked, width]],
        [`model.layers.${i}.self_attn.v_proj.weight`, [asked, width]],
        [`model.layers.${i}.self_attn.o_proj.weight`, [width, asking]],
        [`model.layers.${i}.mlp.gate_proj.weight`, [innerWidth, width]],
        [`model.layers.${i}.mlp.up_proj.weight`, [innerWidth, width]],
        [`model.layers.${i}.mlp.down_proj.weight`, [width, innerWidth]],
      ],
    ),
  ];
}

describe('the memory of a step', () => {
  let device: Device;
  before(async () => {
    device = await openDevice('wasm');
  });
  after(() => device.close());

  for (const [name, config] of Object.entries(configs)) {
    for (const [what, plan] of Object.entries(plansOf(config.modelType))) {
      for (const checkpointing of [false, true]) {
        for (const [batch, length, groups, byBlocks] of [
          [4, 64, 4, false],
          [12, 32, 2, false],
          [4, 8, 4, false],
          [4, 8, 4, true],
        ] as const) {
          const how = checkpointing ? ', checkpointing' : '';
          test(`${name}, ${what}${how}, ${batch} of ${length} tokens${byBlocks ? ', layerwise' : ''}`, async () => {
            const before = tf.memory().numBytes;
            const source = { config, plan, checkpointing, file: name, tensors: zeros(config) };
            const causal = await causalDecoder(source);
            const weights = tf.memory().numBytes - before;
            const tokens = batchOf(batch, length, groups);
            const measured = await peakOf(device, causal, tokens, byBlocks);
            const { parameters } = causal;
            parameters.dispose();
            const estimate = stepMemory({
              ...{ config, plan, checkpointing, batch, length, groups, byBlocks },
              optimizerSlots: 2,
              answerTokens: (batch * length) / 2,
            });
            assert.equal(estimate.weights, weights);
            const trained = parameters.trained.reduce((sum, { value }) => sum + value.size, 0);
            assert.equal(estimate.optimizer, 2 * 4 * trained);
            const ratio = estimate.step / measured;
            assert.ok(ratio > 0.75 && ratio < 1.25, `${estimate.step} of ${measured}: ${ratio}`);
          });
        }
      }
    }
  }
});

describe('the batch that fits', () => {
  test('is the largest whose step takes no more', () => {
    const shape: StepShape = {
      ...{ config: llama, plan: full, checkpointing: false, batch: 16, length: 64 },
      ...{ answerTokens: 512, groups: 4, byBlocks: false, optimizerSlots: 2 },
    };
    const bytesOf = (batch: number) =>
      stepMemory({ ...shape, batch, groups: Math.min(batch, 4), answerTokens: 32 * batch }).total;
    for (const batch of [1, 3, 7, 16]) {
      assert.equal(fittingBatch(shape, bytesOf(batch)), batch);
      assert.equal(fittingBatch(shape, bytesOf(batch) - 1), batch - 1);
    }
    assert.equal(fittingBatch(shape, 1e12), 16);
  });
});
