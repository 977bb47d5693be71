import * as z from 'zod';
import type { JsonObject } from '../checkpointFile.ts';

/** Ids of tokens by name; undefined for unknown ones. */
export type IdOf = (token: string) => number | undefined;

/** How a class of transformers 5 builds a tokenizer: it takes the vocabulary from tokenizer.json and makes the other parts itself. */
export interface Recipe {
  /** Special tokens by key, such as `pad_token`, that tokenizer_config.json may replace. */
  readonly special: Readonly<Record<string, string>>;
  /** Further special tokens, if tokenizer_config.json names none. */
  readonly extra?: readonly string[];
  /** The type of the model that it needs. */
  readonly model: 'BPE' | 'WordPiece' | 'Unigram';
  /** The parts of tokenizer.json in place of those of the file. */
  parts(tokenizer: JsonObject, config: JsonObject, special: SpecialNames): JsonObject;
  /** The post-processor; without it that of the file. */
  postProcessor?(special: SpecialNames, idOf: IdOf): unknown;
}

/** Special tokens by key. */
export type SpecialNames = Readonly<Record<string, string | undefined>>;

const options = z.object({
  do_lower_case: z.boolean().default(true),
  tokenize_chinese_chars: z.boolean().default(true),
  strip_accents: z.boolean().nullish(),
  add_prefix_space: z.boolean().nullish(),
  legacy: z.boolean().nullish(),
});

const byteLevelModel = { type: 'BPE', fuse_unk: false, byte_fallback: false };

const bert: Recipe = {
  special: {
    unk_token: '[UNK]',
    sep_token: '[SEP]',
    pad_token: '[PAD]',
    cls_token: '[CLS]',
    mask_token: '[MASK]',
  },
  model: 'WordPiece',
  parts(tokenizer, config, { unk_token }) {
    const { do_lower_case, tokenize_chinese_chars, strip_accents } = options.parse(config);
    return {
      normalizer: {
        type: 'BertNormalizer',
        handle_chinese_chars: tokenize_chinese_chars,
        strip_accents,
        lowercase: do_lower_case,
      },
      pre_tokenizer: { type: 'BertPreTokenizer' },
      model: { type: 'WordPiece', vocab: vocabularyOf(tokenizer), unk_token },
      decoder: { type: 'WordPiece' },
    };
  },
  postProcessor: ({ cls_token = '', sep_token = '' }, idOf) => ({
    type: 'BertProcessing',
    cls: [cls_token, idOf(cls_token) ?? 2],
    sep: [sep_token, idOf(sep_token) ?? 3],
  }),
};

const gpt2: Recipe = {
  special: { unk_token: '<|endoftext|>', bos_token: '<|endoftext|>', eos_token: '<|endoftext|>' },
  model: 'BPE',
  parts: (tokenizer, config) => ({
    normalizer: null,
    pre_tokenizer: {
      type: 'ByteLevel',
      add_prefix_space: options.parse(config).add_prefix_space ?? false,
    },
    model: { ...byteLevelModel, ...bpeOf(tokenizer) },
    decoder: { type: 'ByteLevel' },
  }),
};

const sentencepieceTokens = {
  bos_token: '<s>',
  eos_token: '</s>',
  sep_token: '</s>',
  cls_token: '<s>',
  unk_token: '<unk>',
  pad_token: '<pad>',
  mask_token: '<mask>',
};

const roberta: Recipe = {
  ...gpt2,
  special: sentencepieceTokens,
  postProcessor: ({ cls_token = '', sep_token = '' }, idOf) => ({
    type: 'RobertaProcessing',
    cls: [cls_token, idOf(cls_token)],
    sep: [sep_token, idOf(sep_token)],
  }),
};

const llama: Recipe = {
  special: { unk_token: '<unk>', bos_token: '<s>', eos_token: '</s>' },
  model: 'BPE',
  parts(tokenizer, config) {
    const { add_prefix_space, legacy } = options.parse(config);
    const isPrefixed = add_prefix_space ?? true;
    const strip = { type: 'Strip', content: ' ', start: 1, stop: 0 };
    return {
      normalizer: null,
      pre_tokenizer: {
        type: 'Metaspace',
        replacement: '▁',
        prepend_scheme: isPrefixed ? (legacy ? 'always' : 'first') : 'never',
        split: false,
      },
      model: { type: 'BPE', fuse_unk: true, byte_fallback: true, ...bpeOf(tokenizer) },
      decoder: {
        type: 'Sequence',
        decoders: [
          { type: 'Replace', pattern: { String: '▁' }, content: ' ' },
          { type: 'ByteFallback' },
          { type: 'Fuse' },
          ...(isPrefixed ? [strip] : []),
        ],
      },
    };
  },
};

/** As in the class's source. */
const QWEN2 = String.raw`(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+`;

const qwen2: Recipe = {
  special: {
    unk_token: '<|endoftext|>',
    eos_token: '<|endoftext|>',
    pad_token: '<|endoftext|>',
  },
  model: 'BPE',
  parts: (tokenizer, config) => ({
    normalizer: { type: 'NFC' },
    pre_tokenizer: {
      type: 'Sequence',
      pretokenizers: [
        { type: 'Split', pattern: { Regex: QWEN2 }, behavior: 'Isolated', invert: false },
        {
          type: 'ByteLevel',
          add_prefix_space: options.parse(config).add_prefix_space ?? false,
          use_regex: false,
        },
      ],
    },
    model: { ...byteLevelModel, ...bpeOf(tokenizer) },
    decoder: { type: 'ByteLevel' },
  }),
};

/** @param unknownId the id of the unknown token among the vocabulary's */
function sentencepiece(
  unknownId: (vocabulary: readonly unknown[], unknown: string | undefined) => number,
  extra?: readonly string[],
): Recipe {
  return {
    special: sentencepieceTokens,
    ...(extra && { extra }),
    model: 'Unigram',
    parts(tokenizer, config, { unk_token }) {
      const isPrefixed = options.parse(config).add_prefix_space ?? true;
      const metaspace = {
        type: 'Metaspace',
        replacement: '▁',
        prepend_scheme: isPrefixed ? 'always' : 'never',
      };
      const vocab = vocabularyOf(tokenizer) as readonly unknown[];
      return {
        normalizer: precompiledIn(tokenizer.normalizer),
        pre_tokenizer: {
          type: 'Sequence',
          pretokenizers: [{ type: 'WhitespaceSplit' }, metaspace],
        },
        model: { type: 'Unigram', vocab, unk_id: unknownId(vocab, unk_token) },
        decoder: metaspace,
      };
    },
    postProcessor: ({ bos_token = '', eos_token = '' }, idOf) => ({
      type: 'RobertaProcessing',
      cls: [bos_token, idOf(bos_token)],
      sep: [eos_token, idOf(eos_token)],
    }),
  };
}

const camembert = sentencepiece(
  (vocabulary, unknown) =>
    Math.max(
      0,
      vocabulary.findIndex((entry) => Array.isArray(entry) && entry[0] === unknown),
    ),
  ['<s>NOTUSED', '</s>NOTUSED', '<unk>NOTUSED'],
);

/** The classes of transformers 5 that build tokenizers, by name. */
export const recipes: Readonly<Record<string, Recipe>> = {
  BertTokenizer: bert,
  DistilBertTokenizer: bert,
  LxmertTokenizer: bert,
  MobileBertTokenizer: bert,
  SqueezeBertTokenizer: bert,
  GPT2Tokenizer: gpt2,
  RobertaTokenizer: roberta,
  BartTokenizer: roberta,
  LEDTokenizer: roberta,
  MvpTokenizer: roberta,
  LlamaTokenizer: llama,
  Qwen2Tokenizer: qwen2,
  CamembertTokenizer: camembert,
  XLMRobertaTokenizer: sentencepiece(() => 3),
};

function vocabularyOf({ model }: JsonObject): unknown {
  return (model as JsonObject).vocab;
}

function bpeOf({ model }: JsonObject): JsonObject {
  const { vocab, merges } = model as JsonObject;
  return { vocab, merges };
}

/** The normalizer with sentencepiece's table, if there is one. */
function precompiledIn(normalizer: unknown): unknown {
  const schema = z.looseObject({ type: z.string(), normalizers: z.array(z.unknown()).nullish() });
  const { data } = schema.safeParse(normalizer);
  if (!data) return null;
  const all = data.type === 'Sequence' ? (data.normalizers ?? []) : [data];
  return all.find((one) => schema.safeParse(one).data?.type === 'Precompiled') ?? null;
}
