import type { TokenBatch } from '../../data/tokenBatch.ts';
import type { EncoderConfig } from '../../hub/architecture/checkpointConfig.ts';

/** Names of an encoder's submodules in transformers. */
interface Names {
  /** Prefix of all names below the head. */
  readonly prefix: string;
  /** Name of the layers, which are numbered from 0. */
  readonly layer: string;
  readonly query: string;
  readonly key: string;
  readonly value: string;
  /** The output projection of attention. */
  readonly output: string;
  readonly attentionNorm: string;
  /** First projection of the feed-forward sublayer. */
  readonly inner: string;
  readonly outer: string;
  readonly norm: string;
}

const bert = {
  layer: 'encoder.layer',
  query: 'attention.self.query',
  key: 'attention.self.key',
  value: 'attention.self.value',
  output: 'attention.output.dense',
  attentionNorm: 'attention.output.LayerNorm',
  inner: 'intermediate.dense',
  outer: 'output.dense',
  norm: 'output.LayerNorm',
};

export const namesOf: Readonly<Record<EncoderConfig['modelType'], Names>> = {
  bert: { ...bert, prefix: 'bert.' },
  roberta: { ...bert, prefix: 'roberta.' },
  distilbert: {
    prefix: 'distilbert.',
    layer: 'transformer.layer',
    query: 'attention.q_lin',
    key: 'attention.k_lin',
    value: 'attention.v_lin',
    output: 'attention.out_lin',
    attentionNorm: 'sa_layer_norm',
    inner: 'ffn.lin1',
    outer: 'ffn.lin2',
    norm: 'output_layer_norm',
  },
};

/** Maximum number of tokens of an example. */
export function maxTokens(config: EncoderConfig): number {
  return config.maxPositions - firstPosition(config);
}

/** Row of the position embeddings for each token. RoBERTa's numbers only tokens other than padding, also within a text. */
export function positionIds(
  config: EncoderConfig,
  { ids, length, lengths }: TokenBatch,
): Int32Array {
  if (config.modelType !== 'roberta') return ids.map((_, at) => at % length);
  const { padId } = config;
  let last = padId;
  return ids.map((id, at) => {
    const position = at % length;
    if (position === 0) last = padId;
    const isPadding = id === padId || position >= lengths[Math.floor(at / length)]!;
    return isPadding ? padId : ++last;
  });
}

/** RoBERTa leaves the rows up to that of padding unused, as fairseq did. */
function firstPosition({ modelType, padId }: EncoderConfig): number {
  return modelType === 'roberta' ? padId + 1 : 0;
}
