import type { EncoderConfig } from '../../../../src/training/huggingface/config.ts';
import { sequenceEncoder } from '../../../../src/training/transformer/encoders/build.ts';
import { maxTokens } from '../../../../src/training/transformer/encoders/positions.ts';
import type { Operations } from '../../../../src/training/transformer/operations.ts';
import type { TensorReader } from '../../../../src/training/transformer/parameters.ts';
import type { TokenBatch } from '../../../../src/training/transformer/pass.ts';
import type { Plan } from '../../../../src/training/transformer/plan.ts';
import { SequenceModel } from '../../../../src/training/transformer/sequenceModel.ts';
import type { Stack } from '../../../../src/training/transformer/stack.ts';
import { random } from '../../engine/random.ts';
import type { Network } from './peer.ts';

const config: EncoderConfig = {
  kind: 'encoder',
  modelType: 'bert',
  layers: 2,
  heads: 4,
  width: 32,
  innerWidth: 64,
  vocabulary: 50,
  maxPositions: 16,
  typeVocabulary: 2,
  normEpsilon: 1e-12,
  activation: 'gelu',
  dropout: 0.1,
  attentionDropout: 0.1,
  classifierDropout: 0.1,
  initializerRange: 0.02,
  padId: 0,
};
const CLASSES = 3;

/** A BERT of random values for three classes: small, and without any file. */
export async function tinyBert(
  operations: Operations,
  plan: Partial<Plan> = {},
  checkpointing = false,
): Promise<Network & { readonly stack: Stack }> {
  const { network, parameters } = await sequenceEncoder(
    {
      config,
      tensors: randomTensors(shapes()),
      file: 'tiny BERT',
      plan: { freeze: 0, reinitialize: 0, lora: null, newHead: false, seed: 0, ...plan },
      checkpointing,
    },
    CLASSES,
  );
  const model = new SequenceModel(operations, network, 'classification', maxTokens(config));
  return { model, parameters, stack: network };
}

function shapes(): Map<string, readonly number[]> {
  const { width, innerWidth, vocabulary, maxPositions, typeVocabulary } = config;
  const linear = (name: string, from: number, to: number) =>
    [[`${name}.weight`, [to, from]] as const, [`${name}.bias`, [to]] as const] as const;
  const norm = (name: string) =>
    [[`${name}.weight`, [width]] as const, [`${name}.bias`, [width]] as const] as const;
  const layers = Array.from({ length: config.layers }, (_, i) => `bert.encoder.layer.${i}`);
  return new Map<string, readonly number[]>([
    ['bert.embeddings.word_embeddings.weight', [vocabulary, width]],
    ['bert.embeddings.position_embeddings.weight', [maxPositions, width]],
    ['bert.embeddings.token_type_embeddings.weight', [typeVocabulary, width]],
    ...norm('bert.embeddings.LayerNorm'),
    ...layers.flatMap((layer) => [
      ...['query', 'key', 'value'].flatMap((part) =>
        linear(`${layer}.attention.self.${part}`, width, width),
      ),
      ...linear(`${layer}.attention.output.dense`, width, width),
      ...norm(`${layer}.attention.output.LayerNorm`),
      ...linear(`${layer}.intermediate.dense`, width, innerWidth),
      ...linear(`${layer}.output.dense`, innerWidth, width),
      ...norm(`${layer}.output.LayerNorm`),
    ]),
    ...linear('bert.pooler.dense', width, width),
    ...linear('classifier', width, CLASSES),
  ]);
}

/** Norms about 1, all else about 0. */
function randomTensors(shapes: ReadonlyMap<string, readonly number[]>): TensorReader {
  const names = [...shapes.keys()];
  return {
    names,
    shapeOf: (name) => shapes.get(name)!,
    read: async (name) => {
      const { normal } = random(names.indexOf(name));
      const mean = name.endsWith('LayerNorm.weight') ? 1 : 0;
      const size = shapes.get(name)!.reduce((product, length) => product * length);
      return Float32Array.from({ length: size }, () => mean + 0.2 * normal());
    },
  };
}

/** Five examples in two groups; the label is the first token's remainder. */
export const tinyBatch: TokenBatch = (() => {
  const [batch, length] = [5, 8];
  const lengths = Int32Array.of(8, 5, 3, 8, 6);
  const ids = Int32Array.from({ length: batch * length }, (_, at) =>
    at % length < lengths[Math.floor(at / length)]! ? 1 + ((at * at * 7 + at) % 49) : 0,
  );
  return { batch, length, ids, typeIds: ids.map((_, at) => at % 2), lengths, examples: [0, 2, 5] };
})();
export const tinyLabels = [0, 2, 1, 1, 0];
