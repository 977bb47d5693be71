/** Whole files of checkpoints, which the fuzzers damage. */

import { specialToken } from '../../src/hub/tokenizer/addedTokens.ts';

const vocabularyOf = (tokens: readonly string[]) =>
  Object.fromEntries([...new Set(tokens)].map((token, id) => [token, id]));

const specials = ['<unk>', '<s>', '</s>', '<pad>'];
const letters = [...'abcdefghijklmnopqrstuvwxyz▁0123456789.,!Ġ#'];
const bytes = Array.from(
  { length: 256 },
  (_, byte) => `<0x${byte.toString(16).toUpperCase().padStart(2, '0')}>`,
);
const added = specials.map((content, id) => ({ id, ...specialToken(content) }));
const merges = [
  ['h', 'e'],
  ['l', 'l'],
  ['he', 'll'],
  ['hell', 'o'],
  ['▁', 'a'],
];
const template = {
  type: 'TemplateProcessing',
  single: [{ SpecialToken: { id: '<s>', type_id: 0 } }, { Sequence: { id: 'A', type_id: 0 } }],
  pair: [{ Sequence: { id: 'A', type_id: 0 } }, { Sequence: { id: 'B', type_id: 1 } }],
  special_tokens: { '<s>': { id: '<s>', ids: [1], tokens: ['<s>'] } },
};
const fileOf = (parts: Record<string, unknown>) => ({
  version: '1.0',
  truncation: null,
  padding: null,
  added_tokens: added,
  normalizer: null,
  pre_tokenizer: null,
  post_processor: template,
  decoder: null,
  ...parts,
});
const metaspace = { type: 'Metaspace', replacement: '▁', prepend_scheme: 'first', split: true };

export const tokenizers: readonly { readonly tokenizer: unknown; readonly config: unknown }[] = [
  {
    tokenizer: fileOf({
      normalizer: {
        type: 'Sequence',
        normalizers: [
          { type: 'Strip', strip_left: true, strip_right: true },
          { type: 'Replace', pattern: { Regex: ' {2,}' }, content: ' ' },
          { type: 'Lowercase' },
        ],
      },
      pre_tokenizer: metaspace,
      model: {
        type: 'BPE',
        dropout: null,
        unk_token: '<unk>',
        continuing_subword_prefix: null,
        end_of_word_suffix: null,
        fuse_unk: true,
        byte_fallback: true,
        ignore_merges: false,
        vocab: vocabularyOf([...specials, ...bytes, ...letters, ...merges.map((m) => m.join(''))]),
        merges,
      },
      decoder: {
        type: 'Sequence',
        decoders: [{ type: 'ByteFallback' }, { type: 'Fuse' }, metaspace],
      },
    }),
    config: {
      tokenizer_class: 'PreTrainedTokenizerFast',
      eos_token: '</s>',
      pad_token: { __type: 'AddedToken', content: '<pad>', lstrip: false, special: true },
      added_tokens_decoder: { 3: added[3] },
      extra_special_tokens: ['<x>'],
      truncation_side: 'left',
    },
  },
  {
    tokenizer: fileOf({
      pre_tokenizer: {
        type: 'Sequence',
        pretokenizers: [
          {
            type: 'Split',
            pattern: { Regex: '\\p{L}+|\\p{N}{1,3}| ?[^\\s\\p{L}]+' },
            behavior: 'Isolated',
            invert: false,
          },
          { type: 'Digits', individual_digits: true },
          { type: 'Punctuation', behavior: 'Contiguous' },
        ],
      },
      model: {
        type: 'Unigram',
        unk_id: 0,
        byte_fallback: false,
        vocab: [...specials, ...letters, 'hello', 'hell'].map((token, i) => [token, -i / 3]),
      },
      decoder: { type: 'Metaspace', replacement: '▁', prepend_scheme: 'always', split: true },
    }),
    config: { clean_up_tokenization_spaces: true, unk_token: '<unk>', split_special_tokens: true },
  },
  {
    tokenizer: fileOf({
      normalizer: {
        type: 'BertNormalizer',
        clean_text: true,
        handle_chinese_chars: true,
        strip_accents: null,
        lowercase: true,
      },
      pre_tokenizer: { type: 'BertPreTokenizer' },
      post_processor: { type: 'BertProcessing', sep: ['</s>', 2], cls: ['<s>', 1] },
      model: {
        type: 'WordPiece',
        unk_token: '<unk>',
        continuing_subword_prefix: '##',
        max_input_chars_per_word: 20,
        vocab: vocabularyOf([...specials, ...letters, ...letters.map((letter) => `##${letter}`)]),
      },
      decoder: { type: 'WordPiece', prefix: '##', cleanup: true },
    }),
    config: {
      tokenizer_class: 'BertTokenizer',
      do_lower_case: true,
      cls_token: '<s>',
      sep_token: '</s>',
      unk_token: '<unk>',
      pad_token: '<pad>',
    },
  },
];

export const configs: readonly unknown[] = [
  {
    model_type: 'bert',
    architectures: ['BertForSequenceClassification'],
    id2label: { 0: 'no', 1: 'yes' },
    hidden_size: 48,
    num_attention_heads: 4,
    num_hidden_layers: 2,
    vocab_size: 99,
    pad_token_id: 0,
    classifier_dropout: null,
  },
  {
    model_type: 'gpt2',
    n_embd: 48,
    n_head: 4,
    n_layer: 2,
    vocab_size: 99,
    n_positions: 64,
    activation_function: 'gelu_new',
    tie_word_embeddings: true,
  },
  ...['llama', 'mistral', 'qwen2', 'qwen3'].map((model_type) => ({
    model_type,
    hidden_size: 64,
    num_attention_heads: 4,
    num_key_value_heads: 2,
    num_hidden_layers: 2,
    head_dim: 16,
    max_position_embeddings: 128,
    sliding_window: 64,
    use_sliding_window: false,
    rms_norm_eps: 1e-6,
    rope_parameters: {
      rope_type: 'llama3',
      rope_theta: 1e4,
      factor: 8,
      low_freq_factor: 1,
      high_freq_factor: 4,
    },
    rope_scaling: null,
    pad_token_id: null,
  })),
];
