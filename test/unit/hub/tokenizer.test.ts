import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { mkdtemp, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { before, suite, test } from 'node:test';
import fc from 'fast-check';
import { CheckpointError } from '../../../src/hub/checkpointFile.ts';
import { longestFirst, openTokenizer } from '../../../src/hub/tokenizer/tokenizer.ts';
import { testFolder } from './folder.ts';
import { type Answers, type Asked, answersOfTransformers } from './tokenizerPeer.ts';

const folder = testFolder();
const checkout = path.resolve(import.meta.dirname, '../../..');

const sentences = [
  '',
  ' ',
  '\n\t  \r\n',
  'A plain sentence, with a comma.',
  "I'll say it's what they've said; she'd NOT.",
  '  leading and trailing spaces  ',
  'many      spaces\n\nand\n\n\nlines\t\ttabs',
  'Janet’s ducks lay 16 eggs per day. She eats 3, and sells 1,234.56 for $2 each.',
  '12345678901234567890 3.14159 1e-5 ½ ² ٣',
  'naïve café Ünïcödé ﬁne Ǆ ǆ Straße ΣΑΣ İstanbul',
  'e\u0301 decomposed and é composed; ﷺ Å Å',
  '日本語のテキスト、漢字とカナ。中文字符',
  '한국어 문장입니다. ภาษาไทย',
  'العربية نص عربي ﻻ עברית',
  'हिन्दी में एक वाक्य।',
  'Русский текст, Ελληνικά',
  '🙂 emoji 👩‍👩‍👧 family 🇫🇷 flag 👍🏽 skin',
  'zero\u200bwidth\u200djoiner \u00a0 nbsp \u3000 ideographic \u2028 line \u00ad soft',
  '\ufeffbyte order mark \u0000 nul \u0007 bell \u0085 next line \ufffd',
  '<s> </s> <mask> [CLS] [SEP] [MASK] <|endoftext|> <|im_start|>user',
  'a<mask>b <mask> c[MASK]d <|begin_of_text|>',
  'https://example.org/a_b?c=d&e=%20#f user@example.org',
  'def f(x):\n    return x ** 2  # comment\n',
  '{"json": [1, 2, {"a": null}]}',
  '\\frac{a}{b} $x^2$ <b>bold</b> -- --- … “quotes” ‘single’ «guillemets»',
  "don´t wouldn`t O'Neil 's 'S 'LL I'M",
  'ALL CAPS AND mIxEd',
  'Supercalifragilisticexpialidocious antidisestablishmentarianism',
  'x'.repeat(101),
  'word '.repeat(400),
  '#### 42',
  '▁ underline ▁▁',
  '!!!???...,,,;;;:::',
  ". , ? ! n't 'm 's 've 're space before marks .",
];

const corpus = [
  ...sentences,
  ...['README.md', 'CONTRIBUTING.md', 'docs/engines.md'].flatMap((file) =>
    readFileSync(path.join(checkout, file), 'utf8').split('\n'),
  ),
];

/** First and last characters of ranges in use; the libraries differ in the newest ones. */
const ranges: readonly [number, number][] = [
  [0x00, 0x7e],
  [0xa0, 0x52f],
  [0x591, 0x6ff],
  [0x901, 0x97f],
  [0xe01, 0xe5b],
  [0x1e00, 0x1fff],
  [0x2000, 0x2bff],
  [0x3000, 0x30ff],
  [0x4e00, 0x9fa5],
  [0xac00, 0xd7a3],
  [0xfb00, 0xfb06],
  [0xfe70, 0xfefc],
  [0xff01, 0xffee],
  [0x1f300, 0x1f6ff],
  [0x20000, 0x2a6d6],
];
const character = fc
  .oneof(...ranges.map(([min, max]) => fc.integer({ min, max })))
  .map((code) => String.fromCodePoint(code))
  .filter((char) => /^\P{Cn}$/u.test(char));

const words = fc.array(fc.constantFrom(...corpus.join(' ').split(' ')), { maxLength: 60 });
const anyText = fc.oneof(
  fc.constantFrom(...sentences),
  words.map((list) => list.join(' ')),
  fc.string({ unit: character, maxLength: 30 }),
);
const request = fc.tuple(
  anyText,
  fc.option(anyText),
  fc.constantFrom(8, 9, 17, 64, 512),
  fc.array(fc.nat(), { maxLength: 12 }),
);

const tokenizers = [
  'minilm',
  'smollm2',
  'roberta',
  'gpt2',
  'llama2',
  'llama3',
  'qwen2',
  'smollm',
  'bert',
  'bert_cased',
  'xlm_roberta',
  // Built from those above.
  'roberta_class',
  'gpt2_class',
  'qwen2_class',
  'llama2_class',
];

suite('tokens equal those of transformers', () => {
  const requests: Asked[] = [
    ...sentences.map((text): Asked => [text, null, 512, []]),
    ['word '.repeat(30_000), 'a b c', 128, []],
    ...fc.sample(request, { numRuns: 400 }),
  ];
  let expected: Record<string, Answers>;
  before(async () => {
    expected = await answersOfTransformers({ tokenizers, folder, corpus, requests });
  });

  for (const name of tokenizers) {
    test(name, async () => {
      const { size, special, answers } = expected[name]!;
      const tokenizer = await openTokenizer(path.join(folder, name));
      const { padId, eosId, bosId } = tokenizer;
      assert.deepEqual({ pad: padId, eos: eosId, bos: bosId }, special);
      const differing: unknown[] = [];
      const compare = (what: string, here: unknown, there: unknown, of: unknown) => {
        if (JSON.stringify(here) === JSON.stringify(there)) return;
        differing.push({ what, here, there, of });
      };
      for (const [i, [text, pair, maxLength, ids]] of requests.entries()) {
        const there = answers[i]!;
        const encoded = tokenizer.encode(text, pair, maxLength);
        compare('plain', [...tokenizer.encodePlain(text)], there.plain, text);
        compare('ids', [...encoded.ids], there.ids, [text, pair, maxLength]);
        compare('typeIds', [...encoded.typeIds], there.typeIds, [text, pair, maxLength]);
        compare('text', tokenizer.decode(there.plain), there.text, text);
        const random = ids.map((id) => id % size);
        compare('decoded', tokenizer.decode(random), there.decoded, random);
      }
      assert.deepEqual(differing, []);
    });
  }

  test('any string can be encoded', async () => {
    const opened = await Promise.all(
      tokenizers.map((name) => openTokenizer(path.join(folder, name))),
    );
    const strange = fc.string({ unit: fc.nat(0xffff).map((unit) => String.fromCharCode(unit)) });
    fc.assert(
      fc.property(
        strange,
        fc.option(strange),
        fc.integer({ min: 4, max: 20 }),
        (text, pair, most) => {
          for (const tokenizer of opened) {
            const { ids, typeIds } = tokenizer.encode(text, pair, most);
            assert(ids.length <= most);
            assert.equal(typeIds.length, ids.length);
            assert.equal(typeof tokenizer.decode(ids), 'string');
          }
        },
      ),
    );
  });

  test('a maximum length below the number of special tokens is an error', async () => {
    const tokenizer = await openTokenizer(path.join(folder, 'minilm'));
    assert.equal(tokenizer.encode('a', 'b', 3).ids.length, 3);
    assert.throws(
      () => tokenizer.encode('a', 'b', 2),
      /maximum of 2 tokens is less than the 3 special/,
    );
  });

  test('no tokens are decoded to an empty text', async () => {
    assert.equal((await openTokenizer(path.join(folder, 'gpt2'))).decode([]), '');
  });

  test('ids of special tokens that only config.json has are found', async () => {
    const made = await folderOf({ 'tokenizer.json': await read('gpt2/tokenizer.json') });
    const { padId, eosId, bosId } = await openTokenizer(made);
    assert.deepEqual([padId, eosId, bosId], [null, null, null]);
    const config = JSON.stringify({ eos_token_id: [7, 8], pad_token_id: null });
    await writeFile(path.join(made, 'config.json'), config);
    const named = await openTokenizer(made);
    assert.deepEqual([named.padId, named.eosId, named.bosId], [null, 7, null]);
    const map = JSON.stringify({ pad_token: { content: '<|endoftext|>' } });
    await writeFile(path.join(made, 'special_tokens_map.json'), map);
    assert.equal((await openTokenizer(made)).padId, 0);
  });
});

async function folderOf(files: Record<string, string>): Promise<string> {
  const made = await mkdtemp(path.join(folder, 'made-'));
  for (const [name, content] of Object.entries(files)) {
    await writeFile(path.join(made, name), content);
  }
  return made;
}

const read = (name: string) => readFile(path.join(folder, name), 'utf8');

test('the longer text of a pair loses tokens first', () => {
  const length = fc.nat(40);
  fc.assert(
    fc.property(length, length, length, (first, second, most) => {
      const [a, b] = longestFirst(first, second, most);
      assert.equal(a + b, Math.min(first + second, most));
      assert(a <= first && b <= second);
      // The truncated text is not shorter than the other, except for the extra token of an odd length.
      if (a < first) assert(a >= b - 1);
      if (b < second) assert(b >= a - 1);
    }),
  );
});

suite('a folder without a usable tokenizer is an error', () => {
  const model = { type: 'BPE', vocab: { a: 0 }, merges: [] };
  const cases: Record<string, [files: Record<string, string>, ...words: string[]]> = {
    'none at all': [{ 'vocab.txt': '[PAD]' }, 'tokenizer.json', 'AutoTokenizer'],
    'no JSON': [{ 'tokenizer.json': '{' }, 'tokenizer.json'],
    'no model': [{ 'tokenizer.json': '{}' }, 'tokenizer.json', 'model'],
    'an unknown pre-tokenizer': [
      { 'tokenizer.json': JSON.stringify({ model, pre_tokenizer: { type: 'Oracle' } }) },
      'tokenizer.json',
      'Oracle',
    ],
    'an unknown post-processor': [
      { 'tokenizer.json': JSON.stringify({ model, post_processor: { type: 'Oracle' } }) },
      'tokenizer.json',
      'post_processor',
    ],
    ...Object.fromEntries(
      [
        { type: 'BPE', vocab: {}, merges: [] },
        { type: 'BPE', vocab: {}, merges: [], unk_token: '<unk>' },
        { type: 'Unigram', vocab: [] },
        { type: 'WordLevel', vocab: {}, unk_token: '<unk>' },
        { type: 'WordPiece', vocab: {} },
      ].map((empty, i) => [
        `${empty.type} without tokens (${i})`,
        [{ 'tokenizer.json': JSON.stringify({ model: empty }) }, 'model.vocab', 'empty'],
      ]),
    ),
    ...Object.fromEntries(
      ['WordLevel', 'WordPiece'].map((type) => [
        `${type} without its unknown token`,
        [
          {
            'tokenizer.json': JSON.stringify({
              model: { type, vocab: { a: 0 }, unk_token: '<unk>' },
            }),
          },
          'model.unk_token',
          '"<unk>"',
        ],
      ]),
    ),
    'a class without its unknown token': [
      {
        'tokenizer.json': JSON.stringify({ model: { type: 'WordPiece', vocab: { a: 0 } } }),
        'tokenizer_config.json': JSON.stringify({ tokenizer_class: 'BertTokenizer' }),
      },
      'model.unk_token',
      '"[UNK]"',
    ],
    'an unknown truncation side': [
      {
        'tokenizer.json': JSON.stringify({ model }),
        'tokenizer_config.json': JSON.stringify({ truncation_side: 'middle' }),
      },
      'tokenizer_config.json',
      'truncation_side',
    ],
  };
  for (const [name, [files, ...words]] of Object.entries(cases)) {
    test(name, async () => {
      await assert.rejects(openTokenizer(await folderOf(files)), (error: Error) => {
        assert(error instanceof CheckpointError, error.stack);
        for (const word of words) assert(error.message.includes(word), error.message);
        return true;
      });
    });
  }
});
