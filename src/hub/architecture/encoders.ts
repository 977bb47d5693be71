import * as z from 'zod';
import {
  activationOf,
  type ConfigDocument,
  count,
  fieldsOf,
  gelus,
  headDimOf,
  range,
  rate,
  requireValue,
  tokenId,
  withOwnNames,
} from './fields.ts';
import type { EncoderConfig } from './networkConfig.ts';

const activations = { ...gelus, relu: 'relu' } as const;

/** Defaults: transformers' BertConfig, from which those of RoBERTa and its variants differ in these two parameters only. */
const bertSchema = (vocabSize: number, padId: number) =>
  z.object({
    vocab_size: count.default(vocabSize),
    hidden_size: count.default(768),
    num_hidden_layers: count.default(12),
    num_attention_heads: count.default(12),
    intermediate_size: count.default(3072),
    hidden_act: z.string().default('gelu'),
    hidden_dropout_prob: rate.default(0.1),
    attention_probs_dropout_prob: rate.default(0.1),
    max_position_embeddings: count.default(512),
    type_vocab_size: count.default(2),
    layer_norm_eps: z.number().positive().default(1e-12),
    classifier_dropout: rate.nullish(),
    initializer_range: range,
    pad_token_id: tokenId.nullish().transform((id) => id ?? padId),
  });

const schemas = {
  bert: bertSchema(30522, 0),
  roberta: bertSchema(50265, 1),
  camembert: bertSchema(30522, 1),
  'xlm-roberta': bertSchema(30522, 1),
};

/** Parses the config of BERT, RoBERTa and RoBERTa's variants. */
export function bertConfig(type: keyof typeof schemas, document: ConfigDocument): EncoderConfig {
  requireValue(document, 'position_embedding_type', 'absolute');
  requireValue(document, 'is_decoder', false);
  requireValue(document, 'add_cross_attention', false);
  const fields = fieldsOf(schemas[type], document);
  headDimOf(document, fields.hidden_size, fields.num_attention_heads);
  return {
    kind: 'encoder',
    modelType: type === 'bert' ? 'bert' : 'roberta',
    layers: fields.num_hidden_layers,
    heads: fields.num_attention_heads,
    hiddenSize: fields.hidden_size,
    intermediateSize: fields.intermediate_size,
    vocabSize: fields.vocab_size,
    maxPositions: fields.max_position_embeddings,
    typeVocabSize: fields.type_vocab_size,
    normEpsilon: fields.layer_norm_eps,
    activation: activationOf(document, 'hidden_act', fields.hidden_act, activations),
    dropout: fields.hidden_dropout_prob,
    attentionDropout: fields.attention_probs_dropout_prob,
    classifierDropout: fields.classifier_dropout ?? fields.hidden_dropout_prob,
    initializerRange: fields.initializer_range,
    padId: fields.pad_token_id,
    paddingIndex: document.json.pad_token_id === null ? null : fields.pad_token_id,
  };
}

/** Defaults: transformers' DistilBertConfig. */
const distilbertSchema = z.object({
  vocab_size: count.default(30522),
  dim: count.default(768),
  n_layers: count.default(6),
  n_heads: count.default(12),
  hidden_dim: count.default(3072),
  activation: z.string().default('gelu'),
  dropout: rate.default(0.1),
  attention_dropout: rate.default(0.1),
  seq_classif_dropout: rate.default(0.2),
  initializer_range: range,
  max_position_embeddings: count.default(512),
  pad_token_id: tokenId.nullish().transform((id) => id ?? 0),
});

/** DistilBERT's own names of the common fields. */
const distilbertNames = {
  hidden_size: 'dim',
  num_attention_heads: 'n_heads',
  num_hidden_layers: 'n_layers',
};

/** Sinusoidal positions need no case of their own: the checkpoint stores them as a table, like learned ones. */
export function distilbertConfig(original: ConfigDocument): EncoderConfig {
  const document = withOwnNames(original, distilbertNames);
  const fields = fieldsOf(distilbertSchema, document);
  headDimOf(document, fields.dim, fields.n_heads);
  return {
    kind: 'encoder',
    modelType: 'distilbert',
    layers: fields.n_layers,
    heads: fields.n_heads,
    hiddenSize: fields.dim,
    intermediateSize: fields.hidden_dim,
    vocabSize: fields.vocab_size,
    maxPositions: fields.max_position_embeddings,
    typeVocabSize: 0,
    normEpsilon: 1e-12,
    activation: activationOf(document, 'activation', fields.activation, activations),
    dropout: fields.dropout,
    attentionDropout: fields.attention_dropout,
    classifierDropout: fields.seq_classif_dropout,
    initializerRange: fields.initializer_range,
    padId: fields.pad_token_id,
    paddingIndex: document.json.pad_token_id === null ? null : fields.pad_token_id,
  };
}
