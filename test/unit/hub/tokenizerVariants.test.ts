import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { before, suite, test } from 'node:test';
import { CheckpointError } from '../../../src/hub/checkpointFile.ts';
import { specialToken } from '../../../src/hub/tokenizer/addedTokens.ts';
import { openTokenizer } from '../../../src/hub/tokenizer/tokenizer.ts';
import { testFolder } from './folder.ts';
import { type Answers, answersOfTransformers } from './tokenizerPeer.ts';

/**
 * Every component and option of a tokenizer.json, and of the files beside it, on nasty texts: the tokens, ids and texts of
 * transformers, or an error that names what is not supported. The tokenizers are small and made by hand.
 */
const folder = testFolder();

type Json = Record<string, unknown>;

/** The files of a variant, by name. */
interface Variant {
  readonly 'tokenizer.json': Json;
  readonly [file: string]: Json;
}

const texts = [
  '',
  ' ',
  'a b',
  '  a  b  ',
  'Hello, WORLD! hello world',
  "it's don't we'LL",
  'x\ty\nz\r\n\r\n',
  '\ufeffbom\ufeff!! \u0085 next\u0085',
  '\u00a0nbsp\u3000wide\u2028line\u200bzero',
  'naïve café CAFE\u0301 ÇA ŒUVRE İstanbul ΣΑΣ straße',
  '½ ² Ⅷ ٣ 12345 3.14 1,000',
  '日本語 漢字😀x 𠀀y ｶﾅ ﬁ ㍿',
  '!!!??? ... $1 $& \\1 a.b(c)[d]{e}^f|g',
  'नमस्ते ภาษา عربي',
  '<s>a</s> <s> b <mask>c <mask> d<mask>',
  '<pad><unk>[CLS] x[SEP]',
  'hello<sp>world <sp> hello <sp>',
  'word wordy sword word.word',
  '▁under ▁ ▁▁x',
  '\u0000\u0007\u00adctl\u200d\ufffd',
  '#### 42 ## a##b',
  '👩‍👩‍👧 🇫🇷 👍🏽 e\u0301\u0301',
  'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa bbbbbbbbbbbbbbb',
  'ſ K Å Ω',
];
const letters = 'abcdefghijklmnopqrstuvwxyz';

/** Ids in order. */
const vocabulary = (tokens: readonly string[]): Record<string, number> =>
  Object.fromEntries([...new Set(tokens)].map((token, id) => [token, id]));

const specials = ['<pad>', '<unk>', '<s>', '</s>', '<mask>'];
const chars = [..."▁ABCDEHLOWRabcdefghijklmnopqrstuvwxyz0123456789.,!?'$ Ġ#é"];
const merges: [string, string][] = [
  ['l', 'l'],
  ['h', 'e'],
  ['he', 'll'],
  ['hell', 'o'],
  ['w', 'o'],
  ['r', 'd'],
  ['wo', 'rd'],
  ['a', 'a'],
  ['aa', 'aa'],
  ['▁', 'a'],
  ['▁', 'word'],
  ['b', 'b'],
  ['bb', 'b'],
];
const bytes = Array.from(
  { length: 256 },
  (_, byte) => `<0x${byte.toString(16).toUpperCase().padStart(2, '0')}>`,
);
const merged = merges.map(([a, b]) => a + b);
const bpe = {
  type: 'BPE',
  vocab: vocabulary([...specials, ...chars, ...merged]),
  merges,
  unk_token: '<unk>',
};
const bpeBytes = { ...bpe, vocab: vocabulary([...specials, ...bytes, ...chars, ...merged]) };
/** GPT-2's characters of bytes. */
const byteChars = [
  ...Array.from({ length: 256 }, (_, i) => String.fromCharCode(i)).filter((c) =>
    /[!-~¡-¬®-ÿ]/.test(c),
  ),
  ...Array.from({ length: 68 }, (_, i) => String.fromCharCode(256 + i)),
];
const byteBpe = {
  type: 'BPE',
  vocab: vocabulary([
    ...specials,
    ...byteChars,
    ...merged.filter((token) => !/▁/.test(token)),
    'Ġw',
  ]),
  merges: [...merges.filter(([a]) => a !== '▁'), ['Ġ', 'w']],
};
const byteDecoder = {
  type: 'ByteLevel',
  add_prefix_space: true,
  trim_offsets: true,
  use_regex: true,
};
const pieces = [
  'hello',
  'hell',
  'word',
  '▁word',
  '▁hello',
  'lo',
  '▁a',
  'aa',
  'aaa',
  'bb',
  '<unk>x',
];
const unigramVocab = [
  ...specials.map((token) => [token, 0]),
  ...chars.map((token, i) => [token, -5 - i / 7]),
  ...pieces.map((token, i) => [token, -4 - i / 11]),
];
const unigram = { type: 'Unigram', vocab: unigramVocab, unk_id: 1 };
const unigramBytes = {
  ...unigram,
  vocab: [...unigramVocab, ...bytes.map((token) => [token, -20])],
  byte_fallback: true,
};
const wordPiece = {
  type: 'WordPiece',
  unk_token: '<unk>',
  continuing_subword_prefix: '##',
  max_input_chars_per_word: 30,
  vocab: vocabulary([
    ...specials,
    ...chars,
    ...[...letters].map((letter) => `##${letter}`),
    'hello',
    'word',
    '##y',
    '##ord',
    '。',
  ]),
};
const wordLevel = {
  type: 'WordLevel',
  unk_token: '<unk>',
  vocab: vocabulary([
    ...specials,
    'hello',
    'Hello',
    'world',
    'a',
    'b',
    ',',
    '!',
    'word',
    '.',
    '42',
  ]),
};

const added = (content: string, id: number, flags: Json = {}) => ({
  id,
  ...specialToken(content),
  ...flags,
});
const addedSpecials = specials.map((content, id) => added(content, id));
const sizeOf = (model: Json) => Object.keys(model.vocab as Json).length;

const make = (parts: Json, config: Json = {}, files: Record<string, Json> = {}): Variant => ({
  'tokenizer.json': {
    version: '1.0',
    truncation: null,
    padding: null,
    added_tokens: addedSpecials,
    normalizer: null,
    pre_tokenizer: null,
    post_processor: null,
    decoder: null,
    model: bpe,
    ...parts,
  },
  'tokenizer_config.json': { tokenizer_class: 'PreTrainedTokenizerFast', ...config },
  ...files,
});

const variants: Record<string, Variant> = {};
/** Variants that must be refused. */
const refused: Record<string, Variant> = {};
const named = (kind: string, list: Record<string, Json>, variant: (json: Json) => Variant) => {
  for (const [name, json] of Object.entries(list)) variants[`${kind} ${name}`] = variant(json);
};
const byType = (list: readonly Json[]) =>
  Object.fromEntries(list.map((json) => [JSON.stringify(json), json]));

const replace = (pattern: Json, content: string) => ({ type: 'Replace', pattern, content });
const normalizers = byType([
  { type: 'Lowercase' },
  { type: 'NFC' },
  { type: 'NFD' },
  { type: 'NFKC' },
  { type: 'NFKD' },
  { type: 'Nmt' },
  { type: 'StripAccents' },
  { type: 'ByteLevel' },
  { type: 'Strip', strip_left: true, strip_right: true },
  { type: 'Strip', strip_left: true, strip_right: false },
  { type: 'Strip', strip_left: false, strip_right: true },
  { type: 'Prepend', prepend: '▁' },
  replace({ String: ' ' }, '▁'),
  replace({ String: '.' }, '$&$1'),
  replace({ Regex: '\\s+' }, ' '),
  replace({ Regex: '[^\\w\\s]' }, ''),
  replace({ Regex: '(?i:hello)' }, 'a'),
  replace({ Regex: '\\d{2,}$' }, '1'),
  ...[true, false].flatMap((lowercase) =>
    [true, false, null].map((strip_accents) => ({
      type: 'BertNormalizer',
      clean_text: true,
      handle_chinese_chars: lowercase,
      strip_accents,
      lowercase,
    })),
  ),
  {
    type: 'BertNormalizer',
    clean_text: false,
    handle_chinese_chars: true,
    strip_accents: null,
    lowercase: false,
  },
  {
    type: 'Sequence',
    normalizers: [
      { type: 'Strip', strip_left: true, strip_right: true },
      { type: 'Prepend', prepend: '▁' },
      replace({ String: ' ' }, '▁'),
    ],
  },
  { type: 'Sequence', normalizers: [] },
]);
/** A table of sentencepiece, with a block of 256 units for each node of the trie. */
function charsmap(replacements: Record<string, string>): string {
  const units = new Uint32Array(256 * 1000);
  const texts: number[] = [];
  const children = new Map<string, number>([['', 256]]);
  let blocks = 2;
  units[0] = 256 << 10;
  for (const [from, to] of Object.entries(replacements)) {
    let key = '';
    let base = 256;
    let at = 0;
    for (const byte of Buffer.from(from)) {
      key += `${byte},`;
      at = base ^ byte;
      let below = children.get(key);
      if (below === undefined) {
        below = blocks++ * 256;
        children.set(key, below);
        units[at] = (((at ^ below) << 10) | byte) >>> 0;
      }
      base = below;
    }
    units[at]! |= 1 << 8;
    units[base] = texts.length;
    texts.push(...Buffer.from(to), 0);
  }
  const used = units.subarray(0, blocks * 256);
  const size = Buffer.alloc(4);
  size.writeUInt32LE(used.byteLength);
  return Buffer.concat([
    size,
    Buffer.from(used.buffer, 0, used.byteLength),
    Buffer.from(texts),
  ]).toString('base64');
}
const precompiled = {
  type: 'Precompiled',
  precompiled_charsmap: charsmap({
    '\t': ' ',
    '\n': ' ',
    '\u00a0': ' ',
    '\u3000': ' ',
    '\u200b': ' ',
    '\u0007': '',
    ﬁ: 'fi',
    '½': '1⁄2',
    Å: 'Å',
    'e\u0301': 'é',
    ｶﾅ: 'カナ',
    ｶ: 'カ',
    Ⅷ: 'VIII',
    '㍿': '株式会社',
    '👍': '+',
    ſ: 's',
  }),
};
Object.assign(normalizers, {
  Precompiled: precompiled,
  'Precompiled in a sequence': {
    type: 'Sequence',
    normalizers: [precompiled, replace({ Regex: ' {2,}' }, '▁')],
  },
});

named('normalizer', normalizers, (normalizer) => make({ normalizer }));
named('normalizer before bytes', normalizers, (normalizer) =>
  make({
    normalizer,
    model: { ...bpeBytes, byte_fallback: true },
    decoder: { type: 'ByteFallback' },
  }),
);

const split = (pattern: Json, behavior: string, invert = false) => ({
  type: 'Split',
  pattern,
  behavior,
  invert,
});
const behaviors = ['Removed', 'Isolated', 'MergedWithPrevious', 'MergedWithNext', 'Contiguous'];
const preTokenizers = byType([
  { type: 'BertPreTokenizer' },
  { type: 'Whitespace' },
  { type: 'WhitespaceSplit' },
  { type: 'Punctuation' },
  { type: 'Digits', individual_digits: true },
  { type: 'Digits', individual_digits: false },
  { type: 'CharDelimiterSplit', delimiter: '.' },
  { type: 'FixedLength', length: 3 },
  ...['always', 'first', 'never'].flatMap((prepend_scheme) =>
    [true, false].map((one) => ({
      type: 'Metaspace',
      replacement: '▁',
      prepend_scheme,
      split: one,
    })),
  ),
  { type: 'Metaspace', replacement: '▁', add_prefix_space: true },
  { type: 'Metaspace', replacement: '▁', add_prefix_space: false, prepend_scheme: 'never' },
  { type: 'Metaspace', replacement: '▁', str_rep: '▁', add_prefix_space: true },
  ...behaviors.map((behavior) => ({ type: 'Punctuation', behavior })),
  ...behaviors.flatMap((behavior) => [
    split({ String: 'a' }, behavior),
    split({ String: '.' }, behavior, true),
    split({ Regex: '\\s+' }, behavior),
    split({ Regex: '\\w+|[^\\w\\s]+' }, behavior, true),
  ]),
  split({ Regex: "(?i:'s|'t|'re|'ll)|\\p{L}+|\\p{N}{1,3}|\\s+(?!\\S)|[^\\r\\n]" }, 'Isolated'),
  split({ Regex: '[[:punct:]]+|[[:space:]]' }, 'Isolated'),
  {
    type: 'Sequence',
    pretokenizers: [
      { type: 'WhitespaceSplit' },
      { type: 'Metaspace', replacement: '▁', prepend_scheme: 'first', split: true },
    ],
  },
  {
    type: 'Sequence',
    pretokenizers: [{ type: 'Digits', individual_digits: true }, { type: 'Punctuation' }],
  },
]);
named('pre-tokenizer', preTokenizers, (pre_tokenizer) => make({ pre_tokenizer }));
named('pre-tokenizer of words', preTokenizers, (pre_tokenizer) =>
  make({ pre_tokenizer, model: wordPiece }),
);
named('pre-tokenizer of unigrams', preTokenizers, (pre_tokenizer) =>
  make({ pre_tokenizer, model: unigram }),
);
named(
  'bytes',
  byType(
    [true, false].flatMap((add_prefix_space) =>
      [true, false].map((use_regex) => ({
        type: 'ByteLevel',
        add_prefix_space,
        trim_offsets: true,
        use_regex,
      })),
    ),
  ),
  (pre_tokenizer) => make({ pre_tokenizer, model: byteBpe, decoder: byteDecoder }),
);

const metaspace = { type: 'Metaspace', replacement: '▁', prepend_scheme: 'always', split: true };
const models = {
  'BPE without an unknown token': { ...bpe, unk_token: null },
  'BPE fusing unknown tokens': { ...bpe, fuse_unk: true },
  'BPE with bytes': { ...bpeBytes, byte_fallback: true },
  'BPE with some bytes': {
    ...bpe,
    byte_fallback: true,
    fuse_unk: true,
    vocab: vocabulary([...specials, ...bytes.slice(0, 200), ...chars, ...merged]),
  },
  'BPE ignoring merges': {
    ...bpe,
    ignore_merges: true,
    vocab: vocabulary([...specials, ...chars, ...merged, '▁hello', 'it', '▁b']),
  },
  'BPE with merges as texts': { ...bpe, merges: merges.map((pair) => pair.join(' ')) },
  'BPE with prefixes': {
    ...bpe,
    continuing_subword_prefix: '##',
    vocab: vocabulary([
      ...specials,
      ...chars,
      ...[...letters].map((c) => `##${c}`),
      'he',
      '##ll',
      'hell',
    ]),
    merges: [
      ['h', '##e'],
      ['##l', '##l'],
      ['he', '##ll'],
    ],
  },
  'BPE with suffixes': {
    ...bpe,
    end_of_word_suffix: '</w>',
    vocab: vocabulary([
      ...specials,
      ...chars,
      ...[...letters].map((c) => `${c}</w>`),
      'lo</w>',
      'wo',
    ]),
    merges: [
      ['l', 'o</w>'],
      ['w', 'o'],
    ],
  },
  'BPE with a dropout of 0': { ...bpe, dropout: 0 },
  'BPE without a type': (({ type, ...rest }) => rest)(bpe),
  Unigram: unigram,
  'Unigram with bytes': unigramBytes,
  'Unigram with bytes and newlines': { ...unigramBytes, unk_id: 0 },
  'Unigram without a type': (({ type, ...rest }) => rest)(unigram),
  WordPiece: wordPiece,
  'WordPiece with another prefix': { ...wordPiece, continuing_subword_prefix: '' },
  'WordPiece of short words': { ...wordPiece, max_input_chars_per_word: 4 },
  'WordPiece without a type': (({ type, ...rest }) => rest)(wordPiece),
  WordLevel: wordLevel,
};
named('model', models, (model) => make({ model, pre_tokenizer: metaspace }));
named('model on whole texts', models, (model) => make({ model }));
named('model on words', models, (model) => make({ model, pre_tokenizer: { type: 'Whitespace' } }));

const decoders = byType([
  { type: 'BPEDecoder', suffix: '</w>' },
  { type: 'BPEDecoder', suffix: 'o' },
  { type: 'ByteFallback' },
  byteDecoder,
  { type: 'Fuse' },
  { type: 'Metaspace', replacement: '▁', prepend_scheme: 'always', split: true },
  { type: 'Metaspace', replacement: '▁', prepend_scheme: 'never', split: true },
  { type: 'Metaspace', replacement: '▁', add_prefix_space: true },
  replace({ String: '▁' }, ' '),
  replace({ Regex: 'l+' }, '$1'),
  { type: 'Strip', content: '▁', start: 1, stop: 0 },
  { type: 'Strip', content: 'a', start: 0, stop: 1 },
  { type: 'WordPiece', prefix: '##', cleanup: true },
  { type: 'WordPiece', prefix: '##', cleanup: false },
  {
    type: 'Sequence',
    decoders: [
      replace({ String: '▁' }, ' '),
      { type: 'ByteFallback' },
      { type: 'Fuse' },
      { type: 'Strip', content: ' ', start: 1, stop: 0 },
    ],
  },
]);
named('decoder', decoders, (decoder) =>
  make({ decoder, model: { ...bpeBytes, byte_fallback: true }, pre_tokenizer: metaspace }),
);
named('decoder of words', decoders, (decoder) =>
  make({ decoder, model: wordPiece, pre_tokenizer: { type: 'BertPreTokenizer' } }),
);
for (const clean of [true, false]) {
  for (const model of [bpe, wordPiece, unigram]) {
    variants[`clean up ${clean} ${model.type}`] = make(
      { model, pre_tokenizer: { type: 'Whitespace' } },
      { clean_up_tokenization_spaces: clean },
    );
  }
}

const flags = ['lstrip', 'rstrip', 'single_word', 'normalized', 'special'];
for (let bits = 0; bits < 32; bits++) {
  const on = Object.fromEntries(flags.map((name, i) => [name, ((bits >> i) & 1) === 1]));
  const tokens = (id: number) => [
    ...addedSpecials,
    added('<sp>', id, on),
    added('Word', id + 1, on),
    added('.', id + 2, on),
  ];
  variants[`added ${JSON.stringify(on)}`] = make({
    added_tokens: tokens(sizeOf(bpe)),
    normalizer: { type: 'Lowercase' },
    pre_tokenizer: metaspace,
  });
}
Object.assign(variants, {
  'added tokens with a gap in their ids': make({
    added_tokens: [
      ...addedSpecials,
      added('<sp>', 9000),
      added('word', 9001, { normalized: true }),
    ],
  }),
  'added tokens with ids of others': make({
    added_tokens: [added('<s>', 3), added('</s>', 2), added('<sp>', 4)],
  }),
  'added tokens that begin alike': make({
    added_tokens: [added('<', 900), added('<s', 901), added('<s>', 902), added('>a', 903)],
  }),
  'no added tokens': make({ added_tokens: [] }),
  'the first word of a text without its first spaces': make({
    normalizer: { type: 'Strip', strip_left: true, strip_right: true },
    pre_tokenizer: { ...metaspace, prepend_scheme: 'first' },
  }),
  'an added token that a normalizer makes': make({
    normalizer: { type: 'NFKC' },
    added_tokens: [added('1', 900), added('fi', 901, { normalized: true }), added('⅓', 902)],
  }),
  'special tokens as text': make({}, { split_special_tokens: true }),
  'named tokens that the vocabulary lacks': make(
    {},
    {
      pad_token: '[PAD]',
      eos_token: '<eos>',
      bos_token: '<s>',
      extra_special_tokens: ['<sp>', 'word'],
    },
  ),
  'named tokens that are in the vocabulary': make(
    { added_tokens: [] },
    { pad_token: '<pad>', eos_token: 'word', additional_special_tokens: ['hello'] },
  ),
  'named tokens with flags': make(
    {},
    {
      mask_token: { __type: 'AddedToken', content: '<mask>', lstrip: true, special: true },
      eos_token: { __type: 'AddedToken', content: '<sp>', rstrip: true, single_word: true },
    },
  ),
  'tokens of its own': make(
    {},
    { image_token: '<sp>', extra_special_tokens: { boi_token: 'word' } },
  ),
  'tokens with ids': make(
    {},
    {
      added_tokens_decoder: {
        4: { content: '<mask>', lstrip: true, rstrip: true, special: true },
        70: { content: '<sp>', special: false, normalized: true },
        9: { content: 'word', special: true },
      },
      pad_token: '<sp>',
    },
  ),
  'a map of special tokens': make(
    {},
    { eos_token: '<pad>', bos_token: '<s>' },
    {
      'special_tokens_map.json': {
        eos_token: {
          content: '</s>',
          lstrip: true,
          rstrip: false,
          single_word: false,
          normalized: true,
        },
        pad_token: '<sp>',
      },
    },
  ),
  'a map of special tokens that is older': make(
    {},
    { added_tokens_decoder: { 3: { content: '</s>', special: true } }, eos_token: '</s>' },
    { 'special_tokens_map.json': { eos_token: '<pad>', pad_token: '<sp>' } },
  ),
  'a file of added tokens': make(
    {},
    { pad_token: '<sp>' },
    {
      'added_tokens.json': { word: 101, '<sp>': 100 },
    },
  ),
  'beginning and end that the config asks for': make(
    {},
    { add_bos_token: true, add_eos_token: true, bos_token: '<s>', eos_token: '</s>' },
  ),
  'beginning and end that the config forbids': make(
    {
      post_processor: {
        type: 'TemplateProcessing',
        single: [
          { SpecialToken: { id: '<s>', type_id: 0 } },
          { Sequence: { id: 'A', type_id: 0 } },
        ],
        pair: [
          { SpecialToken: { id: '<s>', type_id: 0 } },
          { Sequence: { id: 'A', type_id: 0 } },
          { Sequence: { id: 'B', type_id: 2 } },
          { SpecialToken: { id: 'x', type_id: 1 } },
        ],
        special_tokens: {
          '<s>': { id: '<s>', ids: [2], tokens: ['<s>'] },
          x: { id: 'x', ids: [3, 3], tokens: ['</s>', '</s>'] },
        },
      },
    },
    { add_bos_token: false, bos_token: '<s>' },
  ),
  'truncation and padding': make({
    truncation: { direction: 'Left', max_length: 4, strategy: 'OnlyFirst', stride: 1 },
    padding: {
      strategy: { Fixed: 7 },
      direction: 'Left',
      pad_to_multiple_of: 8,
      pad_id: 2,
      pad_type_id: 1,
      pad_token: '<s>',
    },
  }),
  'truncation at the left': make({}, { truncation_side: 'left', model_max_length: 5 }),
  'a post-processor of BERT': make({
    post_processor: { type: 'BertProcessing', sep: ['</s>', 3], cls: ['<s>', 2] },
  }),
  'a post-processor of RoBERTa': make({
    post_processor: {
      type: 'RobertaProcessing',
      sep: ['</s>', 3],
      cls: ['<s>', 2],
      trim_offsets: true,
      add_prefix_space: true,
    },
  }),
});

/** Classes of transformers that build parts of the tokenizer themselves, and what the config says about those. */
const classes: Record<string, [Json, readonly Json[]]> = {
  BertTokenizer: [
    wordPiece,
    [
      {},
      { do_lower_case: false },
      { do_lower_case: true, strip_accents: false },
      { strip_accents: true, do_lower_case: false, tokenize_chinese_chars: false },
      { unk_token: '<unk>', pad_token: '<pad>', cls_token: '<s>', sep_token: '</s>' },
    ],
  ],
  DistilBertTokenizerFast: [wordPiece, [{ unk_token: '<unk>', do_lower_case: false }]],
  GPT2Tokenizer: [byteBpe, [{}, { add_prefix_space: true, pad_token: '<pad>' }]],
  RobertaTokenizerFast: [byteBpe, [{}, { add_prefix_space: true, cls_token: '<mask>' }]],
  LlamaTokenizer: [
    bpeBytes,
    [{}, { legacy: true }, { legacy: false, add_prefix_space: false }, { add_prefix_space: true }],
  ],
  Qwen2Tokenizer: [byteBpe, [{}, { eos_token: '</s>', add_prefix_space: true }]],
  CamembertTokenizer: [unigram, [{}, { add_prefix_space: false, unk_token: '<mask>' }]],
  XLMRobertaTokenizer: [
    { ...unigram, unk_id: 3 },
    [{}, { add_prefix_space: false, mask_token: '<sp>' }],
  ],
};
for (const [tokenizer_class, [model, configs]] of Object.entries(classes)) {
  for (const config of configs) {
    const parts = {
      model: {
        ...model,
        ...(model.type === 'WordPiece' && { vocab: { ...(model.vocab as Json), '[UNK]': 200 } }),
      },
      normalizer:
        model.type === 'Unigram'
          ? { type: 'Sequence', normalizers: [{ type: 'Lowercase' }, precompiled] }
          : { type: 'Lowercase' },
      pre_tokenizer: { type: 'Whitespace' },
    };
    variants[`${tokenizer_class} ${JSON.stringify(config)}`] = make(parts, {
      ...config,
      tokenizer_class,
    });
  }
}
/** The class that the network's type decides. */
const networks: Record<string, [Json, string | null]> = {
  bert: [wordPiece, null],
  roberta: [byteBpe, null],
  gpt2: [byteBpe, 'PreTrainedTokenizerFast'],
  qwen2: [byteBpe, 'PreTrainedTokenizerFast'],
  qwen3: [byteBpe, 'LlamaTokenizerFast'],
  llama: [bpeBytes, 'LlamaTokenizer'],
  mistral: [bpeBytes, 'LlamaTokenizer'],
  camembert: [unigram, null],
};
for (const [model_type, [model, tokenizer_class]] of Object.entries(networks)) {
  variants[`network ${model_type}`] = make(
    {
      model: {
        ...model,
        ...(model.type === 'WordPiece' && { vocab: { ...(model.vocab as Json), '[UNK]': 200 } }),
      },
      pre_tokenizer: { type: 'WhitespaceSplit' },
      ...(model_type === 'llama' && { decoder: byteDecoder }),
    },
    { tokenizer_class },
    { 'config.json': { model_type } },
  );
}

Object.assign(refused, {
  'dropout of merges': make({ model: { ...bpe, dropout: 0.1 } }),
  UnicodeScripts: make({ pre_tokenizer: { type: 'UnicodeScripts' } }),
  CTC: make({
    decoder: { type: 'CTC', pad_token: '<pad>', word_delimiter_token: '|', cleanup: true },
  }),
  'add_prefix_space contradicts prepend_scheme': make({
    pre_tokenizer: { type: 'Metaspace', replacement: '▁', add_prefix_space: false },
  }),
  'without each text once': make({
    post_processor: {
      type: 'TemplateProcessing',
      single: [{ Sequence: { id: 'A', type_id: 0 } }, { Sequence: { id: 'A', type_id: 0 } }],
      pair: [{ Sequence: { id: 'A', type_id: 0 } }, { Sequence: { id: 'B', type_id: 0 } }],
      special_tokens: {},
    },
  }),
  'two of its processors add tokens': make({
    post_processor: {
      type: 'Sequence',
      processors: [
        { type: 'BertProcessing', sep: ['</s>', 3], cls: ['<s>', 2] },
        { type: 'BertProcessing', sep: ['</s>', 3], cls: ['<s>', 2] },
      ],
    },
  }),
  'post_processor.processors[0]: the type "Oracle" is not supported': make({
    post_processor: { type: 'Sequence', processors: [{ type: 'Oracle' }] },
  }),
  'have the same id': make({ model: { ...bpe, vocab: { ...bpe.vocab, new: 7 } } }),
  'possessive quantifiers': make({ pre_tokenizer: split({ Regex: '\\p{L}++|\\s' }, 'Isolated') }),
  'atomic groups': make({ normalizer: replace({ Regex: '(?>a|ab)c' }, '') }),
  T5Tokenizer: make({ model: unigram }, { tokenizer_class: 'T5Tokenizer' }),
  MarianTokenizer: make({}, { tokenizer_class: 'MarianTokenizer' }),
});

const requests = [
  ...texts.map(
    (text, i) =>
      [text, i % 3 === 1 ? texts[(i * 7) % texts.length]! : null, 9 + i, [i, i + 40, 3]] as const,
  ),
  [texts.join(' '), null, 400, [1, 2, 3, 60, 61, 8, 300, 301]] as const,
  ['hello world a b', 'word word word', 6, []] as const,
];

async function write(name: string, files: Variant): Promise<string> {
  const here = path.join(folder, name);
  await mkdir(here, { recursive: true });
  for (const [file, json] of Object.entries(files)) {
    await writeFile(path.join(here, file), JSON.stringify(json));
  }
  return here;
}

const folderOf = (i: number) => `variant-${i}`;

suite('every option of a tokenizer does what it does in transformers', () => {
  let expected: Record<string, Answers>;
  before(async () => {
    const all = Object.values(variants);
    await Promise.all(all.map((files, i) => write(folderOf(i), files)));
    const made = all.map((_, i) => folderOf(i));
    expected = await answersOfTransformers({ folder, requests, made });
  });

  for (const [i, name] of Object.keys(variants).entries()) {
    test(name, async () => {
      const there = expected[folderOf(i)]!;
      assert.equal(there.error, undefined);
      const tokenizer = await openTokenizer(path.join(folder, folderOf(i)));
      const { padId: pad, eosId: eos, bosId: bos } = tokenizer;
      assert.deepEqual({ pad, eos, bos }, there.special);
      for (const [at, [text, pair, maxLength, ids]] of requests.entries()) {
        const answer = there.answers[at]!;
        const encoded = tokenizer.encode(text, pair, maxLength);
        const here = {
          plain: [...tokenizer.encodePlain(text)],
          ids: [...encoded.ids],
          typeIds: [...encoded.typeIds],
          text: tokenizer.decode(answer.plain),
          decoded: tokenizer.decode(ids.map((id) => id % there.size)),
        };
        assert.deepEqual(here, answer, JSON.stringify([text, pair]));
      }
    });
  }
});

suite('what is not supported is refused by name', () => {
  for (const [name, files] of Object.entries(refused)) {
    test(name, async () => {
      const here = await write(`refused ${name}`, files);
      await assert.rejects(openTokenizer(here), (error: Error) => {
        assert(error instanceof CheckpointError, error.stack);
        assert(error.message.includes(name), error.message);
        return true;
      });
    });
  }
});
