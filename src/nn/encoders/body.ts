import type { TokenBatch } from '../../data/tokenBatch.ts';
import type { EncoderConfig } from '../../hub/architecture/checkpointConfig.ts';
import { activation } from '../layers/activations.ts';
import { attention, separateProjections } from '../layers/attention.ts';
import { residual, sequence } from '../layers/composition.ts';
import { dropout } from '../layers/dropout.ts';
import { type EmbeddingTable, embedding } from '../layers/embedding.ts';
import { linear } from '../layers/linear.ts';
import { layerNorm } from '../layers/norm.ts';
import type { Block } from '../layers/stack.ts';
import type { Layer } from '../module/pass.ts';
import type { NetworkParameters } from '../parameters/networkParameters.ts';
import type { Submodule } from '../parameters/submodule.ts';
import { namesOf, positionIds } from './variants.ts';

export interface EncoderBody {
  readonly input: Block<TokenBatch>;
  readonly layers: readonly Block[];
}

/**
 * BERT (Devlin et al., arXiv 1810.04805), RoBERTa (Liu et al., arXiv 1907.11692) or DistilBERT (Sanh et al., arXiv 1910.01108) up
 * to the last layer's rows.
 *
 * @param checkpointing recompute each layer's forward pass during the backward pass, to save memory
 */
export async function encoderBody(
  parameters: NetworkParameters,
  config: EncoderConfig,
  checkpointing: boolean,
): Promise<EncoderBody> {
  const embeddings = parameters.submodule('embeddings', 'input');
  const input = await inputLayer(embeddings, config);
  const layers: Block[] = [];
  for (let index = 0; index < config.layers; index++) {
    const name = `${namesOf[config.modelType].layer}.${index}`;
    const submodule = parameters.submodule(name, { layer: index });
    const layer = await encoderLayer(submodule, config);
    layers.push({ layer, trained: submodule.trained, recomputed: checkpointing });
  }
  return { input: { layer: input, trained: embeddings.trained, recomputed: false }, layers };
}

async function inputLayer(submodule: Submodule, config: EncoderConfig): Promise<Layer<TokenBatch>> {
  const { hiddenSize, vocabSize, maxPositions, typeVocabSize } = config;
  const tables: EmbeddingTable[] = [
    {
      parameter: await submodule.matrix('word_embeddings.weight', [vocabSize, hiddenSize]),
      paddingIndex: config.paddingIndex,
      ids: ({ ids }) => ids,
    },
    {
      parameter: await submodule.matrix('position_embeddings.weight', [maxPositions, hiddenSize]),
      paddingIndex: config.modelType === 'roberta' ? config.paddingIndex : null,
      ids: (tokens) => positionIds(config, tokens),
    },
  ];
  if (typeVocabSize > 0) {
    tables.push({
      parameter: await submodule.matrix('token_type_embeddings.weight', [
        typeVocabSize,
        hiddenSize,
      ]),
      // RoBERTa has one type for both texts of a pair.
      ids: ({ typeIds }) => (typeVocabSize === 1 ? typeIds.map(() => 0) : typeIds),
    });
  }
  return sequence(
    embedding(tables),
    layerNorm(await submodule.norm('LayerNorm', hiddenSize), config.normEpsilon),
    dropout(submodule.name, config.dropout),
  );
}

/** Each sublayer's norm comes after it and its residual connection. */
async function encoderLayer(submodule: Submodule, config: EncoderConfig): Promise<Layer> {
  const { heads, hiddenSize, intermediateSize } = config;
  const names = namesOf[config.modelType];
  const project = async (name: string) =>
    linear(await submodule.linear(name, hiddenSize, hiddenSize));
  const nameOf = (name: string) => `${submodule.name}.${name}`;

  const attend = attention(
    separateProjections(
      await project(names.query),
      await project(names.key),
      await project(names.value),
    ),
    {
      name: nameOf('probabilities'),
      heads,
      keyValueHeads: heads,
      width: hiddenSize / heads,
      causal: false,
      dropout: config.attentionDropout,
    },
  );
  const output = await project(names.output);
  // DistilBERT has no dropout after attention.
  const rate = config.modelType === 'distilbert' ? 0 : config.dropout;
  return sequence(
    residual(sequence(attend, output, dropout(nameOf(names.output), rate))),
    layerNorm(await submodule.norm(names.attentionNorm, hiddenSize), config.normEpsilon),
    residual(
      sequence(
        linear(await submodule.linear(names.inner, hiddenSize, intermediateSize)),
        activation(config.activation),
        linear(await submodule.linear(names.outer, intermediateSize, hiddenSize)),
        dropout(nameOf(names.outer), config.dropout),
      ),
    ),
    layerNorm(await submodule.norm(names.norm, hiddenSize), config.normEpsilon),
  );
}
