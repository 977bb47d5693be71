import type { TokenBatch } from '../../data/tokenBatch.ts';
import type { EncoderConfig } from '../../hub/architecture/checkpointConfig.ts';
import { activation } from '../layers/activation.ts';
import { attention, separately } from '../layers/attention.ts';
import { dropout } from '../layers/dropout.ts';
import { embedding, type Table } from '../layers/embedding.ts';
import { linear } from '../layers/linear.ts';
import { layerNorm } from '../layers/norm.ts';
import type { Parameters, Section } from '../layers/parameters.ts';
import { residual } from '../layers/residual.ts';
import { sequence } from '../layers/sequence.ts';
import type { Part } from '../layers/stack.ts';
import type { Layer } from '../module/pass.ts';
import { namesOf } from './names.ts';
import { positionIds } from './positions.ts';

export interface EncoderBody {
  readonly input: Part<TokenBatch>;
  readonly layers: readonly Part[];
}

/**
 * BERT (Devlin et al., arXiv 1810.04805), RoBERTa (Liu et al., arXiv 1907.11692) or DistilBERT (Sanh et al., arXiv 1910.01108) up
 * to the last layer's rows.
 *
 * @param checkpointing layers are gone through a second time before the way back, for less memory
 */
export async function encoderBody(
  parameters: Parameters,
  config: EncoderConfig,
  checkpointing: boolean,
): Promise<EncoderBody> {
  const embeddings = parameters.section('embeddings', 'input');
  const input = await inputLayer(embeddings, config);
  const layers: Part[] = [];
  for (let index = 0; index < config.layers; index++) {
    const name = `${namesOf[config.modelType].layer}.${index}`;
    const section = parameters.section(name, { layer: index });
    const layer = await encoderLayer(section, config);
    layers.push({ layer, trained: section.trained, recomputed: checkpointing });
  }
  return { input: { layer: input, trained: embeddings.trained, recomputed: false }, layers };
}

async function inputLayer(section: Section, config: EncoderConfig): Promise<Layer<TokenBatch>> {
  const { width, vocabulary, maxPositions, typeVocabulary } = config;
  const tables: Table[] = [
    {
      parameter: await section.matrix('word_embeddings.weight', [vocabulary, width]),
      ids: ({ ids }) => ids,
    },
    {
      parameter: await section.matrix('position_embeddings.weight', [maxPositions, width]),
      ids: (tokens) => positionIds(config, tokens),
    },
  ];
  if (typeVocabulary > 0) {
    tables.push({
      parameter: await section.matrix('token_type_embeddings.weight', [typeVocabulary, width]),
      // RoBERTa has one type for both texts of a pair.
      ids: ({ typeIds }) => (typeVocabulary === 1 ? typeIds.map(() => 0) : typeIds),
    });
  }
  return sequence(
    embedding(tables),
    await layerNorm(section, 'LayerNorm', config),
    dropout(section.name, config.dropout),
  );
}

/** Each sublayer's norm comes after it and its residual connection. */
async function encoderLayer(section: Section, config: EncoderConfig): Promise<Layer> {
  const { heads, width, innerWidth } = config;
  const names = namesOf[config.modelType];
  const project = async (name: string) => linear(await section.linear(name, width, width));
  const place = (name: string) => `${section.name}.${name}`;

  const attend = attention(
    separately(await project(names.query), await project(names.key), await project(names.value)),
    {
      place: place('probabilities'),
      heads,
      keyValueHeads: heads,
      width: width / heads,
      causal: false,
      dropout: config.attentionDropout,
    },
  );
  const output = await project(names.output);
  // DistilBERT drops nothing of what attention found.
  const found = config.modelType === 'distilbert' ? 0 : config.dropout;
  return sequence(
    residual(sequence(attend, output, dropout(place(names.output), found))),
    await layerNorm(section, names.attentionNorm, config),
    residual(
      sequence(
        linear(await section.linear(names.inner, width, innerWidth)),
        activation(config.activation),
        linear(await section.linear(names.outer, innerWidth, width)),
        dropout(place(names.outer), config.dropout),
      ),
    ),
    await layerNorm(section, names.norm, config),
  );
}
