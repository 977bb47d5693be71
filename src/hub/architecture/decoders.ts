import { z } from 'zod';
import type { DecoderConfig } from './description.ts';
import {
  activationOf,
  count,
  type Document,
  fieldsOf,
  flag,
  gelus,
  headWidthOf,
  only,
  range,
  rate,
  unsupported,
  withOwnNames,
} from './fields.ts';
import { ropeConfig } from './rope.ts';

const silus = { silu: 'silu', swish: 'silu' } as const;

/** Defaults are those of transformers' GPT2Config. */
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
});

const gpt2Names = {
  hidden_size: 'n_embd',
  max_position_embeddings: 'n_positions',
  num_attention_heads: 'n_head',
  num_hidden_layers: 'n_layer',
};

export function gpt2Config(read: Document): DecoderConfig {
  const document = withOwnNames(read, gpt2Names);
  only(document, 'scale_attn_weights', true);
  only(document, 'scale_attn_by_inverse_layer_idx', false);
  only(document, 'add_cross_attention', false);
  const fields = fieldsOf(gpt2Schema, document);
  return {
    kind: 'decoder',
    modelType: 'gpt2',
    layers: fields.n_layer,
    heads: fields.n_head,
    keyValueHeads: fields.n_head,
    headWidth: headWidthOf(document, fields.n_embd, fields.n_head),
    width: fields.n_embd,
    innerWidth: fields.n_inner ?? 4 * fields.n_embd,
    vocabulary: fields.vocab_size,
    maxPositions: fields.n_positions,
    normEpsilon: fields.layer_norm_epsilon,
    activation: activationOf(document, 'activation_function', fields.activation_function, {
      ...gelus,
      ...silus,
    }),
    tiedEmbeddings: fields.tie_word_embeddings,
    attentionBias: true,
    outputBias: true,
    mlpBias: true,
    rope: null,
    dropout: fields.resid_pdrop,
    attentionDropout: fields.attn_pdrop,
    embeddingDropout: fields.embd_pdrop,
    initializerRange: fields.initializer_range,
  };
}

/** What Llama and Qwen2 call by the same names; defaults are those of transformers' LlamaConfig. */
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
});

/** Where transformers' Qwen2Config differs. */
const qwen2Schema = llamaSchema.extend({
  vocab_size: count.default(151936),
  intermediate_size: count.default(22016),
  num_key_value_heads: count.nullable().default(32),
  max_position_embeddings: count.default(32768),
});

export function llamaConfig(document: Document): DecoderConfig {
  const fields = fieldsOf(llamaSchema, document);
  return {
    ...rotaryDecoder(document, fields),
    modelType: 'llama',
    attentionBias: fields.attention_bias,
    outputBias: fields.attention_bias,
    mlpBias: fields.mlp_bias,
  };
}

/** Biases are where the network has them, whatever the config says. */
export function qwen2Config(document: Document): DecoderConfig {
  const fields = fieldsOf(qwen2Schema, document);
  refuseSlidingWindow(document, fields.num_hidden_layers);
  return {
    ...rotaryDecoder(document, fields),
    modelType: 'qwen2',
    attentionBias: true,
    outputBias: false,
    mlpBias: false,
  };
}

type Differing = 'modelType' | 'attentionBias' | 'outputBias' | 'mlpBias';

function rotaryDecoder(
  document: Document,
  fields: z.infer<typeof llamaSchema>,
): Omit<DecoderConfig, Differing> {
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
    headWidth: fields.head_dim ?? headWidthOf(document, fields.hidden_size, heads),
    width: fields.hidden_size,
    innerWidth: fields.intermediate_size,
    vocabulary: fields.vocab_size,
    maxPositions: fields.max_position_embeddings,
    normEpsilon: fields.rms_norm_eps,
    activation: activationOf(document, 'hidden_act', fields.hidden_act, silus),
    tiedEmbeddings: fields.tie_word_embeddings,
    rope: ropeConfig(document, fields.max_position_embeddings),
    dropout: 0,
    attentionDropout: fields.attention_dropout ?? 0,
    embeddingDropout: 0,
    initializerRange: fields.initializer_range,
  };
}

/** Defaults are those of transformers' Qwen2Config. */
const windowSchema = z.object({
  use_sliding_window: flag.default(false),
  sliding_window: count.nullable().default(4096),
  max_window_layers: z.int().nonnegative().default(28),
  layer_types: z.array(z.string()).nullish(),
});

/** A window is in use where it is asked for, has a width, and some layer has it. */
function refuseSlidingWindow(document: Document, layers: number): void {
  const fields = fieldsOf(windowSchema, document);
  if (!fields.use_sliding_window || fields.sliding_window === null) return;
  const windowed = fields.layer_types
    ? fields.layer_types.includes('sliding_attention')
    : fields.max_window_layers < layers;
  if (windowed) throw unsupported(document, 'use_sliding_window', true, 'attention to all before');
}
