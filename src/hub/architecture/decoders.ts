import * as z from 'zod';
import {
  activationOf,
  type ConfigDocument,
  count,
  fieldsOf,
  flag,
  gelus,
  headDimOf,
  range,
  rate,
  requireValue,
  unsupported,
  withOwnNames,
} from './fields.ts';
import type { DecoderConfig, RopeConfig } from './networkConfig.ts';

/** transformers accepts ids that no token has, such as -1. */
const padId = z.int().nullish();

const silus = { silu: 'silu', swish: 'silu' } as const;

/** Defaults: transformers' GPT2Config. */
const gpt2Schema = z.object({
  vocab_size: count.default(50257),
  n_positions: count.default(1024),
  n_embd: count.default(768),
  n_layer: count.default(12),
  n_head: count.default(12),
  n_inner: count.nullish(),
  activation_function: z.string().default('gelu_new'),
  resid_pdrop: rate.default(0.1),
  embd_pdrop: rate.default(0.1),
  attn_pdrop: rate.default(0.1),
  initializer_range: range,
  layer_norm_epsilon: z.number().positive().default(1e-5),
  tie_word_embeddings: flag.default(true),
  pad_token_id: padId,
});

/** GPT-2's own names of the common fields. */
const gpt2Names = {
  hidden_size: 'n_embd',
  max_position_embeddings: 'n_positions',
  num_attention_heads: 'n_head',
  num_hidden_layers: 'n_layer',
};

export function gpt2Config(original: ConfigDocument): DecoderConfig {
  const document = withOwnNames(original, gpt2Names);
  requireValue(document, 'scale_attn_weights', true);
  requireValue(document, 'scale_attn_by_inverse_layer_idx', false);
  requireValue(document, 'add_cross_attention', false);
  const fields = fieldsOf(gpt2Schema, document);
  return {
    kind: 'decoder',
    modelType: 'gpt2',
    layers: fields.n_layer,
    heads: fields.n_head,
    keyValueHeads: fields.n_head,
    headDim: headDimOf(document, fields.n_embd, fields.n_head),
    hiddenSize: fields.n_embd,
    intermediateSize: fields.n_inner ?? 4 * fields.n_embd,
    vocabSize: fields.vocab_size,
    maxPositions: fields.n_positions,
    slidingWindow: null,
    normEpsilon: fields.layer_norm_epsilon,
    activation: activationOf(document, 'activation_function', fields.activation_function, {
      ...gelus,
      ...silus,
    }),
    tiedEmbeddings: fields.tie_word_embeddings,
    attentionBias: true,
    outputBias: true,
    mlpBias: true,
    queryKeyNorm: false,
    rope: null,
    dropout: fields.resid_pdrop,
    attentionDropout: fields.attn_pdrop,
    embeddingDropout: fields.embd_pdrop,
    initializerRange: fields.initializer_range,
    padId: fields.pad_token_id ?? null,
    paddingIndex: null,
  };
}

/** Fields that Llama, Mistral and Qwen share. Defaults: transformers' LlamaConfig. */
const llamaSchema = z.object({
  vocab_size: count.default(32000),
  hidden_size: count.default(4096),
  intermediate_size: count.default(11008),
  num_hidden_layers: count.default(32),
  num_attention_heads: count.default(32),
  num_key_value_heads: count.nullish(),
  head_dim: count.nullish(),
  hidden_act: z.string().default('silu'),
  max_position_embeddings: count.default(2048),
  rms_norm_eps: z.number().positive().default(1e-6),
  tie_word_embeddings: flag.default(false),
  attention_bias: flag.default(false),
  mlp_bias: flag.default(false),
  attention_dropout: rate.nullish(),
  initializer_range: range,
  pad_token_id: padId,
});

/** Where the defaults of transformers' Qwen2Config differ. */
const qwen2Schema = llamaSchema.extend({
  vocab_size: count.default(151936),
  intermediate_size: count.default(22016),
  num_key_value_heads: count.nullable().default(32),
  max_position_embeddings: count.default(32768),
});

/** Where the defaults of transformers' Qwen3Config differ from Qwen2's. */
const qwen3Schema = qwen2Schema.extend({ head_dim: count.default(128) });

/** Where the defaults of transformers' MistralConfig differ. */
const mistralSchema = llamaSchema.extend({
  intermediate_size: count.default(14336),
  num_key_value_heads: count.nullable().default(8),
  max_position_embeddings: count.default(131072),
  sliding_window: count.nullable().default(4096),
});

export function llamaConfig(document: ConfigDocument): DecoderConfig {
  const fields = fieldsOf(llamaSchema, document);
  return {
    ...rotaryDecoder(document, fields),
    modelType: 'llama',
    attentionBias: fields.attention_bias,
    outputBias: fields.attention_bias,
    mlpBias: fields.mlp_bias,
    queryKeyNorm: false,
    slidingWindow: null,
  };
}

/** transformers' Mistral has no biases, and its sliding window applies to every layer. */
export function mistralConfig(document: ConfigDocument): DecoderConfig {
  const fields = fieldsOf(mistralSchema, document);
  return {
    ...rotaryDecoder(document, fields),
    modelType: 'mistral',
    attentionBias: false,
    outputBias: false,
    mlpBias: false,
    queryKeyNorm: false,
    slidingWindow: fields.sliding_window,
  };
}

/** transformers' Qwen2 has these biases regardless of the config. */
export function qwen2Config(document: ConfigDocument): DecoderConfig {
  const fields = fieldsOf(qwen2Schema, document);
  return {
    ...rotaryDecoder(document, fields),
    modelType: 'qwen2',
    attentionBias: true,
    outputBias: false,
    mlpBias: false,
    queryKeyNorm: false,
    slidingWindow: qwenWindow(document, fields.num_hidden_layers),
  };
}

/** transformers' Qwen3 has biases in attention only if the config says so, and never in its MLP. */
export function qwen3Config(document: ConfigDocument): DecoderConfig {
  const fields = fieldsOf(qwen3Schema, document);
  return {
    ...rotaryDecoder(document, fields),
    modelType: 'qwen3',
    attentionBias: fields.attention_bias,
    outputBias: fields.attention_bias,
    mlpBias: false,
    queryKeyNorm: true,
    slidingWindow: qwenWindow(document, fields.num_hidden_layers),
  };
}

/** PyTorch counts negative ones from the end. */
function paddingIndex({
  pad_token_id: id,
  vocab_size,
}: z.infer<typeof llamaSchema>): number | null {
  if (id === null || id === undefined) return null;
  return id < 0 ? vocab_size + id : id;
}

type OwnField =
  | 'modelType'
  | 'attentionBias'
  | 'outputBias'
  | 'mlpBias'
  | 'queryKeyNorm'
  | 'slidingWindow';

/** The part of the config that all decoders with rotary positions share. */
function rotaryDecoder(
  document: ConfigDocument,
  fields: z.infer<typeof llamaSchema>,
): Omit<DecoderConfig, OwnField> {
  const heads = fields.num_attention_heads;
  const keyValueHeads = fields.num_key_value_heads ?? heads;
  if (heads % keyValueHeads !== 0) {
    throw unsupported(document, 'num_key_value_heads', keyValueHeads, `a divisor of ${heads}`);
  }
  return {
    kind: 'decoder',
    layers: fields.num_hidden_layers,
    heads,
    keyValueHeads,
    headDim: fields.head_dim ?? headDimOf(document, fields.hidden_size, heads),
    hiddenSize: fields.hidden_size,
    intermediateSize: fields.intermediate_size,
    vocabSize: fields.vocab_size,
    maxPositions: fields.max_position_embeddings,
    normEpsilon: fields.rms_norm_eps,
    activation: activationOf(document, 'hidden_act', fields.hidden_act, silus),
    tiedEmbeddings: fields.tie_word_embeddings,
    rope: ropeConfig(document, fields.max_position_embeddings),
    dropout: 0,
    attentionDropout: fields.attention_dropout ?? 0,
    embeddingDropout: 0,
    initializerRange: fields.initializer_range,
    padId: fields.pad_token_id ?? null,
    paddingIndex: paddingIndex(fields),
  };
}

/** Defaults: transformers' Qwen2Config and Qwen3Config. */
const windowSchema = z.object({
  use_sliding_window: flag.default(false),
  sliding_window: count.nullable().default(4096),
  max_window_layers: z.int().nonnegative().default(28),
  layer_types: z.array(z.string()).nullish(),
});

/** Qwen's sliding windows are used if they are enabled, have a size, and apply to at least one layer. */
function qwenWindow(document: ConfigDocument, layers: number): number | null {
  const fields = fieldsOf(windowSchema, document);
  if (!fields.use_sliding_window || fields.sliding_window === null) return null;
  const isUsed = fields.layer_types
    ? fields.layer_types.includes('sliding_attention')
    : fields.max_window_layers < layers;
  return isUsed ? fields.sliding_window : null;
}

/**
 * transformers 5 writes `rope_parameters`, transformers 4 `rope_theta` and `rope_scaling`. If both are present, `rope_scaling` wins,
 * with the theta of whichever object is used.
 */
const ropeSchema = z.object({
  rope_parameters: z.record(z.string(), z.unknown()).nullish(),
  rope_scaling: z.record(z.string(), z.unknown()).nullish(),
  rope_theta: z.number().positive().nullish(),
  partial_rotary_factor: z.number().nullish(),
});

const factor = z.number().positive();
const llama3Schema = z.object({
  factor,
  low_freq_factor: factor,
  high_freq_factor: factor,
  original_max_position_embeddings: count.optional(),
});

/** The default of Llama, Mistral and Qwen. */
const DEFAULT_THETA = 10_000;

/** Parses the settings of rotary position embeddings (RoPE). @throws CheckpointError for a scaling other than Llama 3's */
function ropeConfig(document: ConfigDocument, maxPositions: number): RopeConfig {
  const fields = fieldsOf(ropeSchema, document);
  const key = fields.rope_scaling ? 'rope_scaling' : 'rope_parameters';
  const parameters = fields[key] ?? {};
  const { theta } = fieldsOf(z.object({ theta: factor }), {
    file: document.file,
    json: { theta: parameters.rope_theta ?? fields.rope_theta ?? DEFAULT_THETA },
  });
  const partial = parameters.partial_rotary_factor ?? fields.partial_rotary_factor ?? 1;
  if (partial !== 1) throw unsupported(document, 'partial_rotary_factor', partial, '1');
  const type = parameters.rope_type ?? parameters.type ?? 'default';
  if (type === 'default') return { theta, scaling: null };
  if (type !== 'llama3') throw unsupported(document, `${key}.rope_type`, type, 'default, llama3');
  const llama3 = fieldsOf(llama3Schema, { file: `${document.file}: ${key}`, json: parameters });
  return {
    theta,
    scaling: {
      kind: 'llama3',
      factor: llama3.factor,
      lowFrequencyFactor: llama3.low_freq_factor,
      highFrequencyFactor: llama3.high_freq_factor,
      originalMaxPositions: llama3.original_max_position_embeddings ?? maxPositions,
    },
  };
}
