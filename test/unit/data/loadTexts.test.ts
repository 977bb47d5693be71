import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, describe, test } from 'node:test';
import fc from 'fast-check';
import { parquetWriteBuffer } from 'hyparquet-writer';
import { maxLengthOf } from '../../../src/config/data.ts';
import { ConfigError } from '../../../src/config/diagnostic.ts';
import { type ParsedConfig, parseConfig } from '../../../src/config/parse.ts';
import type { TextData } from '../../../src/data/dataset.ts';
import { dataFilesOf, readDataFiles } from '../../../src/data/files.ts';
import { loadTextData } from '../../../src/data/loadTexts.ts';
import { PromptEncoder } from '../../../src/data/prompts.ts';
import type { Tokenizer } from '../../../src/hub/tokenizer/tokenizer.ts';
import { HubServer } from '../hub/hubServer.ts';
import { byteTokenizer } from '../training/byteTokenizer.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'grain-texts-'));
after(() => rmSync(folder, { recursive: true }));

const tokenizer = byteTokenizer();

function write(name: string, content: string | ArrayBuffer): void {
  writeFileSync(
    path.join(folder, name),
    typeof content === 'string' ? content : Buffer.from(content),
  );
}

interface Settings {
  readonly task?: string;
  /** The whole of `data`, in YAML flow style. */
  readonly data: string;
  readonly more?: string;
}

function parsedOf({ task = 'classification', data, more = '' }: Settings): ParsedConfig {
  const text = `task: ${task}\nmodel: { from: owner/name }\ndata: { ${data} }\n${more}\n`;
  write('grain.yaml', text);
  const file = path.join(folder, 'grain.yaml');
  return parseConfig(text, file);
}

async function load(
  settings: Settings,
  by: Tokenizer = tokenizer,
  onBytes: (bytes: number) => void = () => {},
): Promise<TextData> {
  const parsed = parsedOf(settings);
  const files = await dataFilesOf(parsed, async () => assert.fail('nothing is on the Hub'));
  const maxLength = maxLengthOf(parsed.config);
  return loadTextData(parsed, files, { tokenizer: by, maxLength }, onBytes);
}

async function failure(settings: Settings, by?: Tokenizer) {
  try {
    await load(settings, by);
  } catch (error) {
    assert.ok(error instanceof ConfigError, String(error));
    const { file, line, column, message, suggestion, expected } = error.diagnostics[0]!;
    assert.ok(expected);
    return { file: path.basename(file), line, column, message, suggestion, expected };
  }
  assert.fail('expected an error');
}

const pairs = 'train: train.tsv, validation: dev.tsv, text: [one, two], target: label';

describe('classification and regression', () => {
  test('pairs: tokens, token types, classes, lengths, the column that groups are made by', async () => {
    write('train.tsv', 'two\tlabel\tone\tsite\nb"\tyes\ta\tx\ndd\tno\tccc\ty\n');
    write('dev.tsv', 'one\ttwo\tlabel\né\tf\tyes\n');
    const data = await load({ data: pairs, more: 'groups: { by: column:site }' });
    assert.deepEqual(data.train.examples, [
      tokenizer.encode('a', 'b"', 128),
      tokenizer.encode('ccc', 'dd', 128),
    ]);
    assert.deepEqual([...data.train.examples[1]!.typeIds], [0, 0, 0, 0, 1, 1, 1]);
    assert.deepEqual([...data.train.lengths], [5, 7]);
    assert.deepEqual(data.classes, ['no', 'yes']);
    assert.deepEqual([...data.train.targets], [1, 0]);
    assert.deepEqual([...data.validation.targets], [1]);
    assert.deepEqual(data.validation.examples, [tokenizer.encode('é', 'f', 128)]);
    assert.deepEqual(data.column, { names: ['x', 'y'], indices: Int32Array.of(0, 1) });
    assert.deepEqual(data.train.questions, []);
    assert.equal(data.train.count, 2);
  });

  test('one text, as a name or a list; numbers as targets; at most maxLength tokens', async () => {
    write('train.csv', `t,score\n${'x'.repeat(500)},0.5\nshort,-2\n`);
    write('dev.csv', 't,score\nx,3\n');
    for (const text of ['t', '[t]']) {
      const data = `train: train.csv, validation: dev.csv, text: ${text}, target: score`;
      const { train, validation, classes } = await load({ task: 'regression', data });
      assert.deepEqual([...train.lengths], [128, 6]);
      assert.deepEqual([...train.targets], [0.5, -2]);
      assert.deepEqual([...validation.targets], [3]);
      assert.deepEqual(classes, []);
      const shorter = await load({ task: 'regression', data: `${data}, maxLength: 20` });
      assert.deepEqual([...shorter.train.lengths], [20, 6]);
    }
  });

  test('a regression target that is not a number: perhaps it is a class', async () => {
    const data = 'train: train.csv, validation: dev.csv, text: t, target: label';
    write('dev.csv', 't,label\nx,0\n');
    for (const [cell, found] of [
      ['good', '"good" in column "label" is not a number'],
      ['NaN', '"NaN" in column "label" stands for a missing value'],
      ['', 'an empty cell in column "label" is not a number'],
    ] as const) {
      write('train.csv', `t,label\nx,0.5\ny,${cell}\n`);
      const { file, line, column, message, expected } = await failure({ task: 'regression', data });
      assert.deepEqual({ file, line, column }, { file: 'train.csv', line: 3, column: 3 });
      assert.equal(message, found);
      assert.match(expected, /Fix the cell or remove its row, or set task: classification/);
    }
  });

  test('Parquet: integers as classes', async () => {
    for (const name of ['train.parquet', 'dev.parquet']) {
      const columnData = [
        { name: 'idx', data: [1n, 2n], type: 'INT64' as const },
        { name: 's', data: ['one', 'two'], type: 'STRING' as const },
        { name: 'label', data: [1n, 0n], type: 'INT64' as const },
      ];
      write(name, parquetWriteBuffer({ columnData }));
    }
    const data = 'train: train.parquet, validation: dev.parquet, text: s, target: label';
    const { train, classes } = await load({ data });
    assert.deepEqual(classes, ['0', '1']);
    assert.deepEqual([...train.targets], [1, 0]);
    assert.deepEqual(train.examples[0], tokenizer.encode('one', null, 128));
  });

  test('one text of a pair may be empty; it is counted', async () => {
    write('train.tsv', 'one\ttwo\tlabel\na\tb\tx\nc\t\ty\n\td\tx\ne\t \tx\n');
    write('dev.tsv', 'one\ttwo\tlabel\ne\tf\tx\n');
    const { train, validation } = await load({ data: pairs });
    assert.deepEqual(
      train.examples,
      [
        ['a', 'b'],
        ['c', ''],
        ['', 'd'],
        ['e', ' '],
      ].map(([one, two]) => tokenizer.encode(one!, two!, 128)),
    );
    assert.deepEqual(train.emptyTexts, { count: 3, first: 'line 3, column "two"' });
    assert.equal(validation.emptyTexts, undefined);

    const columnData = [
      { name: 'one', data: ['a', 'b'], type: 'STRING' as const },
      { name: 'two', data: ['c', null], type: 'STRING' as const },
      { name: 'label', data: ['x', 'y'], type: 'STRING' as const },
    ];
    write('t.parquet', parquetWriteBuffer({ columnData }));
    const data = 'train: t.parquet, validation: t.parquet, text: [one, two], target: label';
    const { validation: fromParquet } = await load({ data });
    assert.deepEqual(fromParquet.examples[1], tokenizer.encode('b', '', 128));
    assert.deepEqual(fromParquet.emptyTexts, { count: 1, first: 'row 2, column "two"' });
  });

  test('progress adds up to the sizes; fingerprints are of the files', async () => {
    const train = `one\ttwo\tlabel\n${'a\tb\tx\nc\td\ty\n'.repeat(20_000)}`;
    write('train.tsv', train);
    write('dev.tsv', 'one\ttwo\tlabel\ne\tf\tx\n');
    let bytes = 0;
    const { fingerprints } = await load({ data: pairs }, tokenizer, (more) => {
      bytes += more;
    });
    assert.equal(bytes, train.length + 'one\ttwo\tlabel\ne\tf\tx\n'.length);
    assert.equal(fingerprints.train, createHash('sha256').update(train).digest('hex'));
  });
});

describe('prompts and answers', () => {
  const ask = 'train: train.jsonl, validation: dev.jsonl, target: answer';
  const row = (question: string, answer: string) => JSON.stringify({ question, answer });

  test('prompt, answer and end-of-text token; the loss begins with the answer', async () => {
    write('train.jsonl', `${row('1+1', 'two\n#### 2')}\n${row('2+1', '#### 3')}\n`);
    write('dev.jsonl', row('4+1', '#### 5'));
    const data = `${ask}, prompt: "Q: {question}\\nA: ", answerAfter: "####"`;
    const { train, validation, classes } = await load({ task: 'generation', data });
    const [{ ids, typeIds, answerAt } = assert.fail()] = train.examples;
    assert.equal(tokenizer.decode(ids.subarray(0, answerAt)), 'Q: 1+1\nA: ');
    assert.equal(tokenizer.decode(ids.subarray(answerAt)), 'two\n#### 2');
    assert.equal(ids.at(-1), tokenizer.eosId);
    assert.equal(ids.indexOf(tokenizer.eosId!), ids.length - 1);
    assert.ok(typeIds.length === ids.length && typeIds.every((type) => type === 0));
    assert.deepEqual(validation.questions, [
      { prompt: tokenizer.encodePlain('Q: 4+1\nA: '), answer: '#### 5' },
    ]);
    assert.deepEqual([...train.lengths], [21, 17]);
    assert.deepEqual([...train.targets], []);
    assert.deepEqual(classes, []);
  });

  test('without a prompt: the text and a newline; the beginning-of-text token comes first', async () => {
    write('train.jsonl', row('1+1', '2'));
    write('dev.jsonl', row('1+1', '2'));
    const settings = { task: 'generation', data: `${ask}, text: question` };
    const { train } = await load(settings, byteTokenizer({ beginsTexts: true }));
    assert.deepEqual(
      [...train.examples[0]!.ids],
      [2, ...tokenizer.encodePlain('1+1\n'), ...tokenizer.encodePlain('2'), 1],
    );
    assert.equal(train.examples[0]!.answerAt, 5);
  });

  test('any lengths: at most maxLength, the end of the prompt before the beginning of the answer', async () => {
    const text = fc.string({ unit: 'binary-ascii', minLength: 1, maxLength: 30 });
    await fc.assert(
      fc.asyncProperty(
        text,
        text,
        fc.integer({ min: 8, max: 40 }),
        fc.boolean(),
        async (prompt, answer, maxLength, beginsTexts) => {
          const by = byteTokenizer({ beginsTexts });
          const { example, question } =
            (await new PromptEncoder(by, 1, maxLength).encode(prompt, answer)) ?? assert.fail();
          const { ids, answerAt = 0 } = example;
          const start = beginsTexts ? [2] : [];
          const whole = start.length + prompt.length + answer.length + 1;
          assert.equal(ids.length, Math.min(whole, maxLength));
          assert.ok(answerAt >= 1 && answerAt < ids.length);
          assert.deepEqual([...ids.subarray(0, start.length)], start);
          assert.ok(prompt.endsWith(by.decode(ids.subarray(0, answerAt))));
          assert.ok(answer.startsWith(by.decode(ids.subarray(answerAt))));
          // A prompt is cut before an answer is; a cut answer does not end.
          const isCut = answer.length + 2 > maxLength;
          assert.equal(ids.at(-1) === 1, !isCut);
          if (isCut) assert.equal(answerAt, 1);
          const asked = [...start, ...by.encodePlain(prompt)];
          assert.ok(question.prompt.length === Math.min(asked.length, maxLength));
          assert.equal(question.prompt.at(-1), asked.at(-1));
          assert.deepEqual([...question.prompt.subarray(0, start.length)], start);
        },
      ),
    );
  });
});

describe('prompts with several placeholders', () => {
  const data = 'train: t.jsonl, validation: t.jsonl, prompt: "{ask} {input}: ", target: answer';
  const lines = (...rows: object[]) =>
    write('t.jsonl', rows.map((row) => JSON.stringify(row)).join('\n'));

  test('some of them may be empty', async () => {
    lines({ ask: 'add', input: '1 1', answer: '2' }, { ask: 'sing', input: '', answer: 'la' });
    const { train } = await load({ task: 'generation', data });
    assert.equal(tokenizer.decode(train.questions[1]!.prompt), 'sing : ');
    assert.deepEqual(train.emptyTexts, { count: 1, first: 'line 2, column "input"' });
  });

  test('not all of them, and not the answer', async () => {
    lines({ ask: 'add', input: '1 1', answer: '2' }, { ask: ' ', input: null, answer: 'la' });
    const { message } = await failure({ task: 'generation', data });
    assert.equal(message, 'all texts are empty: columns "ask", "input"');
    lines({ ask: 'add', input: '1 1', answer: '' });
    const answer = await failure({ task: 'generation', data });
    assert.equal(answer.message, 'an empty cell in column "answer" is not a text');
  });
});

describe('errors', () => {
  const ok = 'one\ttwo\tlabel\na\tb\tx\nc\td\ty\n';
  const jsonl = 'train: t.jsonl, validation: d.jsonl, text: q, target: a';
  const files = (train: string, dev = ok) => {
    write('train.tsv', train);
    write('dev.tsv', dev);
  };

  test('a cell that is not a text, with its position', async () => {
    files('one\ttwo\tlabel\na\tb\tx\nc\t \ty\n');
    const empty = await failure({ data: pairs.replace('[one, two]', 'two') });
    assert.deepEqual([empty.file, empty.line, empty.column], ['train.tsv', 3, 3]);
    assert.match(empty.message, /^" " in column "two" is not a text$/);
    files('two\tone\tlabel\na\tb\tx\n\t \ty\n');
    const both = await failure({ data: pairs });
    assert.deepEqual([both.file, both.line, both.column], ['train.tsv', 3, 2]);
    assert.equal(both.message, 'all texts are empty: columns "one", "two"');
    write('d.jsonl', '{"q": "1", "a": "x"}\n');
    for (const [cell, shown] of [
      ['true', 'true'],
      ['null', 'null'],
      ['{"n": 1}', 'an object'],
      [`["${'x'.repeat(99)}"]`, 'a list'],
    ]) {
      write('t.jsonl', `{"q": "1", "a": "x"}\n{"q": ${cell}, "a": "y"}\n`);
      const { file, line, column, message } = await failure({ data: jsonl });
      assert.deepEqual([file, line, column], ['t.jsonl', 2, 7]);
      assert.equal(message, `${shown} in column "q" is not a text`);
    }
  });

  test('a cell of a file on the Hub: how to fix it', async () => {
    for (const [cells, wanted] of [
      ['\t \tx', 'at least one text'],
      ['a\tb\t', 'a text or a number'],
    ]) {
      files(`one\ttwo\tlabel\n${cells}\n`);
      const parsed = parsedOf({ data: `from: owner/name, ${pairs}` });
      const found = await dataFilesOf(parsed, async () => folder);
      const reading = loadTextData(parsed, found, { tokenizer, maxLength: 128 }, () => {});
      await assert.rejects(reading, (error) => {
        assert.ok(error instanceof ConfigError);
        assert.equal(
          error.diagnostics[0]!.expected,
          `${wanted}. owner/name is a dataset on the Hub: copy the file, fix the cell or remove its row there, and use the copy instead of data.from`,
        );
        return true;
      });
    }
  });

  test('a cell of a Parquet file, with its row', async () => {
    const columnData = [
      { name: 'q', data: ['a', null, 'c'], type: 'STRING' as const },
      { name: 'a', data: ['x', 'y', 'x'], type: 'STRING' as const },
    ];
    write('t.parquet', parquetWriteBuffer({ columnData, rowGroupSize: 1 }));
    const data = 'train: t.parquet, validation: t.parquet, text: q, target: a';
    const { message } = await failure({ data });
    assert.equal(message, 'row 2: null in column "q" is not a text');
  });

  test('a missing column, with a suggestion', async () => {
    files(ok);
    for (const [data, suggestion] of [
      [pairs.replace('[one, two]', '[one, tow]'), 'two'],
      [pairs.replace('[one, two]', 'onee'), 'one'],
      [pairs.replace('label', 'lable'), 'label'],
    ] as const) {
      const found = await failure({ data });
      assert.equal(found.file, 'grain.yaml');
      assert.equal(found.suggestion, suggestion);
    }
    const data = 'train: train.tsv, validation: dev.tsv, prompt: "{one} {tow}", target: label';
    const { file, message } = await failure({ task: 'generation', data });
    assert.equal(file, 'grain.yaml');
    assert.match(message, /^no column "tow" in .*train.tsv$/);
  });

  test('a validation file without a column, or with an unknown class', async () => {
    files(ok, 'one\tlabel\na\tx\n');
    assert.match((await failure({ data: pairs })).message, /^no column "two"/);
    files(ok, 'one\ttwo\tlabel\na\tb\tX\n');
    const { file, line, column, suggestion } = await failure({ data: pairs });
    assert.deepEqual([file, line, column, suggestion], ['dev.tsv', 2, 5, 'x']);
  });

  test('no rows; one class; f1 with three classes', async () => {
    files('one\ttwo\tlabel\n');
    assert.match((await failure({ data: pairs })).message, /no examples/);
    files('one\ttwo\tlabel\na\tb\tx\n');
    assert.match((await failure({ data: pairs })).message, /only one class/);
    files(`${ok}e\tf\tz\n`);
    assert.match((await failure({ data: pairs, more: 'metric: f1' })).message, /there are 3$/);
  });

  test('an answer without the marker; a tokenizer without an end-of-text token', async () => {
    write('t.jsonl', '{"q": "1", "a": "#### 1"}\n{"q": "2", "a": "2"}\n');
    write('d.jsonl', '{"q": "1", "a": "#### 1"}\n');
    const settings = { task: 'generation', data: `${jsonl}, answerAfter: "####"` };
    const { file, line, column, message } = await failure(settings);
    assert.deepEqual([file, line, column], ['t.jsonl', 2, 17]);
    assert.equal(message, 'the answer in column "a" has no "####"');
    const endless = await failure(settings, { ...tokenizer, eosId: null });
    assert.match(endless.message, /no end-of-text token/);
    assert.match(endless.expected, /tokenizer_config\.json names an eos_token/);
  });

  test('texts that the tokenizer makes no tokens of, with their line', async () => {
    write('t.jsonl', '{"q": "1", "a": "1"}\n{"q": "2", "a": "\u200b"}\n');
    write('d.jsonl', '{"q": "1", "a": "1"}\n');
    const deaf = {
      ...tokenizer,
      encodePlain: (text: string) => tokenizer.encodePlain(text.replaceAll('\u200b', '')),
    };
    const { file, line, message } = await failure({ task: 'generation', data: jsonl }, deaf);
    assert.deepEqual([file, line], ['t.jsonl', 2]);
    assert.match(message, /makes no tokens/);
  });
});

describe('a dataset on the Hub', () => {
  const data = 'from: owner/data@v1, train: a/t.tsv, validation: a/d.tsv, text: one, target: label';
  const repository = path.join(folder, 'repository');
  mkdirSync(path.join(repository, 'a'), { recursive: true });

  test('its files are downloaded and read', async () => {
    const asked: unknown[] = [];
    for (const name of ['t', 'd']) write(`repository/a/${name}.tsv`, 'one\tlabel\na\tx\nb\ty\n');
    const parsed = parsedOf({ data });
    const files = await dataFilesOf(parsed, async (...of) => {
      asked.push(of);
      return repository;
    });
    assert.deepEqual(asked, [['owner/data@v1', ['a/t.tsv', 'a/d.tsv']]]);
    const { train } = await loadTextData(parsed, files, { tokenizer, maxLength: 128 }, () => {});
    assert.equal(train.count, 2);
  });

  test('a file that it does not contain: the key, and the files that it contains', async (t) => {
    const hub = await HubServer.start();
    t.after(() => hub.stop());
    const names = ['a/t.tsv', 'a/d.tsv', 'a/notes.md', 'b/t.tsv'];
    const files = Object.fromEntries(names.map((name) => [name, Buffer.from('one\tlabel\n')]));
    hub.repositories['owner/data'] = { kind: 'dataset', commit: 'd'.repeat(40), files };
    const { HF_HOME, HF_ENDPOINT } = process.env;
    t.after(() => setVariables({ HF_HOME, HF_ENDPOINT }));
    setVariables({ HF_HOME: path.join(folder, 'home'), HF_ENDPOINT: hub.endpoint });

    const parsed = parsedOf({ data: data.replace('@v1', '').replace('a/d.tsv', 'a/dd.tsv') });
    await assert.rejects(
      readDataFiles(
        parsed,
        () => {},
        async () => assert.fail('nothing should be read'),
      ),
      (error) => {
        assert.ok(error instanceof ConfigError, String(error));
        const [{ path: key, message, expected, suggestion } = assert.fail()] = error.diagnostics;
        assert.deepEqual(key, ['data', 'validation']);
        assert.equal(message, 'the dataset owner/data has no file a/dd.tsv');
        assert.equal(expected, 'the path of a file in its repository, such as a/t.tsv, a/d.tsv');
        assert.equal(suggestion, 'a/d.tsv');
        return true;
      },
    );
  });
});

/** What is undefined is unset. */
function setVariables(variables: Readonly<Record<string, string | undefined>>): void {
  for (const [name, value] of Object.entries(variables)) {
    if (value === undefined) delete process.env[name];
    else process.env[name] = value;
  }
}
