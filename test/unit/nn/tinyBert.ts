import type { Operations } from '../../../src/backends/operations/operations.ts';
import type { TokenBatch } from '../../../src/data/tokenBatch.ts';
import type { EncoderConfig } from '../../../src/hub/architecture/checkpointConfig.ts';
import { sequenceEncoder } from '../../../src/nn/encoders/sequenceEncoder.ts';
import { maxTokens } from '../../../src/nn/encoders/variants.ts';
import type { LayerStack } from '../../../src/nn/layers/stack.ts';
import type { FineTuningPlan, TensorReader } from '../../../src/nn/parameters/source.ts';

import { SequenceModel } from '../../../src/nn/sequenceModel.ts';
import {
  bertShapes,
  linearShapes,
  randomTensors,
  type Shapes,
} from '../training/tinyCheckpoint.ts';
import type { Network } from './peer.ts';
import { full } from './plan.ts';

const config: EncoderConfig = {
  kind: 'encoder',
  modelType: 'bert',
  layers: 2,
  heads: 4,
  hiddenSize: 32,
  intermediateSize: 64,
  vocabSize: 50,
  maxPositions: 16,
  typeVocabSize: 2,
  normEpsilon: 1e-12,
  activation: 'gelu',
  dropout: 0.1,
  attentionDropout: 0.1,
  classifierDropout: 0.1,
  initializerRange: 0.02,
  padId: 0,
  paddingIndex: 0,
};
const CLASSES = 3;

/** A BERT of random values for three classes: small, and without any file. */
export async function tinyBert(
  operations: Operations,
  plan: Partial<FineTuningPlan> = {},
  checkpointing = false,
): Promise<Network & { readonly stack: LayerStack }> {
  const { network, parameters } = await sequenceEncoder(
    {
      config,
      tensors: readerOf(shapes()),
      file: 'tiny BERT',
      plan: { ...full, ...plan },
      checkpointing,
    },
    CLASSES,
  );
  const model = new SequenceModel(operations, network, 'classification', maxTokens(config));
  return { model, parameters, stack: network };
}

function shapes(): Shapes {
  const body = bertShapes(config).map(([name, shape]) => [`bert.${name}`, shape] as const);
  return [...body, ...linearShapes('classifier', config.hiddenSize, CLASSES)];
}

function readerOf(shapes: Shapes): TensorReader {
  const tensors = new Map(randomTensors(shapes).map((tensor) => [tensor.name, tensor]));
  return {
    names: [...tensors.keys()],
    shapeOf: (name) => tensors.get(name)!.shape,
    dtypeOf: () => 'F32',
    read: async (name) => tensors.get(name)!.values,
  };
}

/** Five examples in two groups; the label is the first token's remainder. */
export const tinyBatch: TokenBatch = (() => {
  const [batch, length] = [5, 8];
  const lengths = Int32Array.of(8, 5, 3, 8, 6);
  const ids = Int32Array.from({ length: batch * length }, (_, at) =>
    at % length < lengths[Math.floor(at / length)]! ? 1 + ((at * at * 7 + at) % 49) : 0,
  );
  return {
    batchSize: batch,
    length,
    ids,
    typeIds: ids.map((_, at) => at % 2),
    lengths,
    exampleBounds: [0, 2, 5],
  };
})();
export const tinyLabels = [0, 2, 1, 1, 0];
