/** Cells that are legal but hardly meant: refused, or said once as notices at keys of the config. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, beforeEach, describe, test } from 'node:test';
import { type ColumnSource, parquetWriteBuffer } from 'hyparquet-writer';
import { ConfigError, explain } from '../../../src/config/diagnostic.ts';
import { parseConfig } from '../../../src/config/parse.ts';
import { loadTabularData } from '../../../src/data/loadTabular.ts';
import { loadTextData } from '../../../src/data/loadTexts.ts';
import { lookAlikeKey } from '../../../src/data/lookAlikes.ts';
import { textAt } from '../config/textAt.ts';
import { byteTokenizer } from '../training/byteTokenizer.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'grain-suspicions-'));
after(() => rmSync(folder, { recursive: true }));
beforeEach(() => write('dev.csv', 'a,y\n0.5,x\n1.5,z\n'));

function write(name: string, content: string | ArrayBuffer | Buffer): void {
  const bytes = content instanceof ArrayBuffer ? Buffer.from(content) : content;
  writeFileSync(path.join(folder, name), bytes);
}

interface Settings {
  readonly task?: string;
  /** Keys of `data` besides the files and the target, in YAML flow style. */
  readonly data?: string;
  readonly train?: string;
  readonly dev?: string;
  readonly groups?: string;
}

function parsedOf({ task = 'classification', data, train = 'train.csv', ...more }: Settings) {
  const files = `train: ${train}, validation: ${more.dev ?? 'dev.csv'}, target: y`;
  const text = `task: ${task}\ndata: { ${files}${data ? `, ${data}` : ''} }\ngroups: ${more.groups ?? '{ count: 1 }'}\n`;
  const model = data?.includes('text:') ? 'model: { from: owner/name }\n' : '';
  return { text: text + model, parsed: parseConfig(text + model, path.join(folder, 'grain.yaml')) };
}

async function load(settings: Settings = {}) {
  const { text, parsed } = parsedOf(settings);
  const files = { train: parsed.dataFiles('train'), validation: parsed.dataFiles('validation') };
  const options = { tokenizer: byteTokenizer(), maxLength: 64 };
  const read = settings.data?.includes('text:')
    ? loadTextData(parsed, files, options, () => {})
    : loadTabularData(parsed, files, () => {});
  const data = await read;
  return {
    data,
    notices: data.notices.map((notice) => [textAt(text, notice), notice.message]),
    explained: data.notices.map(explain),
  };
}

/** Where loading fails, and why. */
async function refusal(settings: Settings = {}) {
  try {
    await load(settings);
  } catch (error) {
    assert.ok(error instanceof ConfigError, String(error));
    const found = error.diagnostics[0]!;
    const place = `${path.basename(found.file)}:${found.line}:${found.column}`;
    return { ...found, place };
  }
  assert.fail('expected an error');
}

/** A training file of `a,y` with these targets, and features that say nothing. */
function train(targets: readonly string[], more = ''): void {
  write('train.csv', `a,y\n${targets.map((y, i) => `${(i * 7) % 5}.5,${y}`).join('\n')}\n${more}`);
}

const many = (counts: Readonly<Record<string, number>>) =>
  Object.entries(counts).flatMap(([name, count]) => new Array<string>(count).fill(name));

describe('missing values', () => {
  const words = ['nan', 'NA', 'N/A', 'null', 'NULL', 'None', '<NA>', '#N/A', '-NaN', '1.#IND'];

  test('as labels, groups, texts and numbers: refused with the row, unless data.missing says otherwise', async () => {
    for (const word of words) {
      write('train.csv', `a,y\n0,x\n1,z\n2,${word}\n`);
      const { place, message, expected } = await refusal();
      assert.equal(place, 'train.csv:4:3');
      assert.equal(message, `"${word}" in column "y" stands for a missing value`);
      assert.match(expected!, /remove its row, or remove the word from data\.missing/);
      const { data } = await load({ data: 'missing: []' });
      assert.deepEqual([...data.classes], [word, 'x', 'z'].sort());
    }
    write('train.csv', 'a,g,y\n0,u,x\n1,NA,z\n');
    assert.equal((await refusal({ groups: '{ by: "column:g" }' })).place, 'train.csv:3:3');
    write('train.csv', 'a,y\n0,x\nNA,z\n');
    assert.match((await refusal()).message, /"NA" in column "a" stands for a missing value/);
    assert.match((await refusal({ data: 'text: a' })).message, /stands for a missing value/);
    write('train.csv', 'a,y\nu,1\nv,nan\n');
    assert.match((await refusal({ task: 'regression', data: 'text: a' })).message, /missing/);
    const generation = { task: 'generation', data: 'text: a' };
    assert.match((await refusal(generation)).message, /missing value/);
  });

  test('in JSON and Parquet too, and words of the user', async () => {
    write('train.jsonl', '{"a": 0, "y": "x"}\n{"a": 1, "y": "nan"}\n');
    assert.equal((await refusal({ train: 'train.jsonl' })).place, 'train.jsonl:2:15');
    write('train.jsonl', '{"a": 0, "y": "x"}\n{"a": -999, "y": "z"}\n');
    const own = { train: 'train.jsonl', data: 'missing: ["-999"]' };
    assert.match((await refusal(own)).message, /-999 in column "a" stands for a missing value/);
    const column = (data: unknown[], type: ColumnSource['type']) => [
      { name: 'a', data: [1, 2, 3], type: 'INT32' as const },
      { name: 'y', data, type },
    ];
    for (const [data, type, message] of [
      [['x', 'None', 'z'], 'STRING', /row 2: "None" .* missing/],
      [['x', null, 'z'], 'STRING', /row 2: null .* not a label/],
      [[0, Number.NaN, 1], 'DOUBLE', /row 2: NaN .* missing/],
      [[0, Number.POSITIVE_INFINITY, 1], 'DOUBLE', /row 2: Infinity .* not a label/],
    ] as const) {
      const columnData = column([...data], type) as ColumnSource[];
      write('train.parquet', parquetWriteBuffer({ columnData }));
      assert.match((await refusal({ train: 'train.parquet' })).message, message);
    }
  });

  test('words that may stand for one are pointed out, unless data.missing was written', async () => {
    for (const word of ['none', 'NAN', 'NaT', '#VALUE!', '#DIV/0!', '\\N', '?', 'nil', '(null)']) {
      train(many({ x: 3, z: 3, [word]: 2 }));
      const message = `a class that may stand for a missing value: ${JSON.stringify(word)}`;
      assert.deepEqual((await load()).notices[0], ['y', message]);
      const { notices } = await load({ data: 'missing: [NA]' });
      assert.doesNotMatch(String(notices), /may stand/);
    }
    train(many({ '0': 3, '1': 3, unknown: 2 }));
    write('dev.csv', 'a,y\n0,0\n1,1\n');
    const { notices } = await load();
    assert.match(String(notices), /for a missing value: "unknown" among numbers/);
    train(many({ x: 3, '.': 3, '-': 2 }));
    write('dev.csv', 'a,y\n0,x\n');
    assert.doesNotMatch(String((await load()).notices), /may stand/);
    write('train.csv', 'a,g,y\n0,u,x\n1,none,z\n2,v,x\n');
    const grouped = await load({ groups: '{ by: "column:g" }' });
    assert.match(String(grouped.notices), /column:g,a group that may stand .*"none"/);
  });

  test('no complete row: how many were left out', async () => {
    write('train.csv', 'a,b,y\n1,,x\n2,,z\n');
    const { place, message } = await refusal({ data: 'dropIncomplete: true' });
    assert.deepEqual(
      [place, message],
      ['train.csv:1:1', 'no row is complete: data.dropIncomplete left out all 2'],
    );
  });

  test('infinity among classes that are numbers; a word otherwise', async () => {
    train(['0', '1', 'inf']);
    assert.match((await refusal()).message, /example 3 .* "inf", the others are numbers/);
    train(['conj', 'inf', 'part']);
    write('dev.csv', 'a,y\n0,inf\n');
    assert.deepEqual([...(await load()).data.classes], ['conj', 'inf', 'part']);
  });

  test('numbers are decimal: no hexadecimal digits, underscores, decimal commas or infinity', async () => {
    for (const cell of [
      '0x10',
      '0b1',
      '1_000',
      'inf',
      'Infinity',
      '1e999',
      '１',
      '--1',
      '1.2.3',
      '\u00a01',
      '1\ufeff',
      '\u20031',
    ]) {
      write('train.csv', `a,y\n0,x\n${cell},z\n`);
      assert.equal((await refusal()).place, 'train.csv:3:1', cell);
    }
    write('train.csv', 'a,y\n0,x\n"1,5",z\n');
    assert.match((await refusal()).expected!, /decimals with a point/);
    write('train.csv', 'a,y\n 1. ,x\n+.5e-1,z\n');
    assert.deepEqual([...(await load({ data: 'features: [a]' })).data.train.targets], [0, 1]);
  });
});

describe('exactness', () => {
  test('labels that float64 merges are different classes, in JSON, CSV and Parquet', async () => {
    const big = ['9007199254740992', '9007199254740993'];
    write('train.jsonl', big.map((y, i) => `{"a": ${i}, "y": ${y}}\n`).join(''));
    write('dev.jsonl', `{"a": 0, "y": ${big[1]}}\n`);
    const json = await load({ train: 'train.jsonl', dev: 'dev.jsonl' });
    assert.deepEqual([...json.data.classes], big);
    assert.deepEqual([...json.data.validation.targets], [1]);
    write('train.parquet', parquetOf('INT64', big.map(BigInt)));
    const parquet = await load({ train: 'train.parquet', dev: 'dev.jsonl' });
    assert.deepEqual([...parquet.data.classes], big);
    const grouped = { train: 'train.jsonl', dev: 'dev.jsonl', groups: '{ by: "column:a" }' };
    write(
      'train.jsonl',
      '{"a": 1.10, "b": 1, "y": 0}\n{"a": 1.1000000000000000001, "b": 1, "y": 1}\n',
    );
    write('dev.jsonl', '{"b": 0, "y": 1}\n');
    assert.deepEqual((await load(grouped)).data.column!.names, ['1.10', '1.1000000000000000001']);
  });

  test('a text and a number are not one class', async () => {
    write('train.jsonl', '{"a": 0, "y": "1"}\n{"a": 1, "y": 1}\n');
    const { place, message, expected } = await refusal({ train: 'train.jsonl' });
    assert.deepEqual([place, message], ['train.jsonl:2:15', '1 in column "y" is a number']);
    assert.match(expected!, /a text, as in line 1/);
  });

  test('numbers as texts are read as they are written', async () => {
    write('train.jsonl', '{"a": 1.50, "y": "x"}\n{"a": 12345678901234567890, "y": "z"}\n');
    const { data } = await load({ train: 'train.jsonl', data: 'text: a' });
    const tokenizer = byteTokenizer();
    const lengths = ['1.50', '12345678901234567890'].map(
      (text) => tokenizer.encode(text, null, 64).ids.length,
    );
    assert.deepEqual([...data.train.lengths!], lengths);
  });

  test('white space around labels distinguishes them, and is pointed out', async () => {
    train(['x', ' x', 'z', 'x', ' x', 'z']);
    const { data, notices } = await load();
    assert.deepEqual([...data.classes], [' x', 'x', 'z']);
    assert.match(String(notices), /differ only in how they are written: " x", "x"/);
  });

  test('half a character, and characters that were lost', async () => {
    write('train.jsonl', '{"a": 0, "y": "x"}\n{"a": 1, "y": "\\ud800"}\n');
    assert.match((await refusal({ train: 'train.jsonl' })).message, /half a character/);
    train(['x', 'caf\ufffd', 'x', 'caf\ufffd']);
    write('dev.csv', 'a,y\n0,x\n0,caf\ufffd\n');
    assert.deepEqual((await load()).notices.slice(0, 2), [
      [
        'train.csv',
        '2 cells have U+FFFD (�) in place of characters that were lost, first in line 3',
      ],
      ['dev.csv', '1 cell has U+FFFD (�) in place of characters that were lost, first in line 3'],
    ]);
  });

  test('times in seconds as features: float32 merges them unless they are standardized first', async () => {
    const rows = Array.from({ length: 30 }, (_, i) => `${1.7e9 + i * i},${'xz'[i % 2]}`);
    write('train.csv', `a,y\n${rows.join('\n')}\n`);
    assert.match(String((await load()).notices), /float32 does not distinguish all values of "a"/);
    const { data, notices } = await load({ data: 'standardize: true' });
    assert.doesNotMatch(String(notices), /float32/);
    assert.ok('features' in data.train);
    assert.equal(new Set(data.train.features as Float32Array).size, 30);
  });

  test('values that float32 merges, wherever they are: features and targets', async () => {
    const rows = (of: (i: number) => string) =>
      Array.from({ length: 24 }, (_, i) => of(i)).join('\n');
    write(
      'train.csv',
      `a,y\n${rows((i) => `${[16777216, 5.5, 16777217, 0.5][i % 4]},${'xz'[i % 2]}`)}\n`,
    );
    assert.match(String((await load()).notices), /float32 does not distinguish all values of "a"/);
    write('train.csv', `a,y\n${rows((i) => `${(i * 7) % 5}.5,1677721${6 + (i % 2)}`)}\n`);
    write('dev.csv', 'a,y\n0,1\n');
    assert.deepEqual((await load({ task: 'regression' })).notices, [
      ['y', 'float32 does not distinguish all values of "y"'],
    ]);
    write('train.csv', `a,y\n${rows((i) => `${(i * 7) % 5}.5,${i / 7}`)}\n`);
    assert.deepEqual((await load({ task: 'regression' })).notices, []);
  });

  test('UTF-8 that was read as another encoding, and written again', async () => {
    write('dev.csv', 'a,y\n0,x\n');
    for (const text of ['cafÃ©', 'donâ€™t', 'Â£5', 'naÃ¯ve']) {
      train(many({ x: 3, [text]: 3 }));
      assert.match(String((await load()).notices[0]), /3 cells have characters such as "Ã©"/, text);
    }
    train(many({ x: 3, 'PÂTÉ À LA ÃO': 3, 'café’s – “Â”': 3 }));
    assert.doesNotMatch(String((await load()).notices), /characters such as/);
  });

  test('bytes of Parquet that are not UTF-8', async () => {
    write('train.parquet', parquetOf('BYTE_ARRAY', [Uint8Array.of(0xe9), Uint8Array.of(0xe8)]));
    assert.match(
      (await refusal({ train: 'train.parquet' })).message,
      /row 1: .* bytes that are not UTF-8/,
    );
  });
});

function parquetOf(type: ColumnSource['type'], data: unknown[]) {
  const columnData = [
    { name: 'a', data: data.map((_, i) => i), type: 'INT32' },
    { name: 'y', data, type },
  ] as ColumnSource[];
  return parquetWriteBuffer({ columnData });
}

describe('classes', () => {
  test('look-alikes are distinguished and pointed out', async () => {
    train([...many({ '1': 2, '1.0': 2, '0': 2, '0.0': 2 })]);
    write('dev.csv', 'a,y\n0,1\n0,0\n0,1.0\n0,0.0\n');
    assert.deepEqual((await load()).notices, [
      ['y', 'classes that differ only in how they are written: "0", "0.0"'],
      ['y', 'classes that differ only in how they are written: "1", "1.0"'],
    ]);
    train(many({ true: 2, True: 2, TRUE: 2, false: 2 }));
    write('dev.csv', 'a,y\n0,true\n');
    assert.deepEqual((await load()).notices, [
      ['y', 'classes that differ only in how they are written: "TRUE", "True", "true"'],
    ]);
    write('train.csv', 'a,g,y\n0,u,x\n1,U,z\n2,u ,x\n3,v,z\n');
    write('dev.csv', 'a,y\n0,x\n1,z\n');
    assert.deepEqual((await load({ groups: '{ by: "column:g" }' })).notices, [
      ['column:g', 'groups that differ only in how they are written: "U", "u", "u "'],
    ]);
  });

  test('a group for nearly every example', async () => {
    const rows = Array.from({ length: 40 }, (_, i) => `${(i * 7) % 5}.5,id${i},${'xz'[i % 2]}`);
    write('train.csv', `a,g,y\n${rows.join('\n')}\n`);
    assert.deepEqual((await load({ groups: '{ by: "column:g" }' })).notices, [
      ['column:g', '40 groups in 40 examples'],
    ]);
  });

  test('what looks alike: the value of numbers, case, width, accents in two ways, invisible characters', () => {
    const same = (...texts: string[]) => new Set(texts.map(lookAlikeKey)).size === 1;
    assert.ok(same('1', '1.0', '+1', '01', '1e0', '10e-1', ' 1', '1.'));
    assert.ok(same('0', '-0', '0.0', '.0', '0e9'));
    assert.ok(same('é', 'e\u0301', 'É'));
    assert.ok(same('❤', '❤\ufe0f'));
    assert.ok(same('a b', 'a\u00a0b', 'A  B', 'a\u200b b', '\ufeffa b', 'ａ ｂ'));
    assert.ok(!same('9007199254740992', '9007199254740993'));
    assert.ok(!same('1', '-1') && !same('1', '10') && !same('0.1', '0.01') && !same('a', 'b'));
  });

  test('a validation class written otherwise: the training spelling, never another class', async () => {
    train(many({ '0': 2, '1': 2 }));
    for (const [y, suggestion] of [
      ['1.0', '1'],
      ['2', undefined],
      ['10', undefined],
    ] as const) {
      write('dev.csv', `a,y\n0,${y}\n`);
      const found = await refusal();
      assert.deepEqual([found.place, found.suggestion], ['dev.csv:2:3', suggestion]);
      assert.match(found.expected!, suggestion ? /as the training data write it/ : /"0", "1"/);
    }
  });

  test('the same in every format, and between formats', async () => {
    const files: Readonly<Record<string, (y: string) => string | ArrayBuffer>> = {
      'dev.csv': (y) => `a,y\n0,${y}\n`,
      'dev.tsv': (y) => `a\ty\n0\t${y}\n`,
      'dev.jsonl': (y) => `{"a": 0, "y": ${y}}\n`,
      'dev.json': (y) => `[{"a": 0, "y": ${y}}]`,
      'dev.parquet': (y) => parquetOf('STRING', [y]),
    };
    for (const [classes, y, suggested] of [
      [['0', '1'], '1.0', ['1']],
      [['0', '1'], '-0', ['0']],
      [['0.0', '1.0'], '1', ['1.0']],
      [['0', '1', '1.00'], '1.0', ['1', '1.00']],
      [['9007199254740993', '0'], '9007199254740993.0', ['9007199254740993']],
      [['9007199254740993', '0'], '9007199254740992', []],
      [['True', 'False'], 'true', ['True']],
    ] as const) {
      train(many(Object.fromEntries(classes.map((name) => [name, 2]))));
      for (const [dev, contentOf] of Object.entries(files)) {
        write(dev, contentOf(y));
        const { message, expected, suggestion } = await refusal({ dev });
        assert.match(message, new RegExp(`unknown class "${y.replace('.', '\\.')}"$`));
        assert.equal(suggestion, suggested.length === 1 ? suggested[0] : undefined);
        const words = suggested.map((name) => `"${name}"`).join(' or ');
        if (suggested.length > 0) assert.ok(expected!.startsWith(`${words}, as the`), expected);
        else assert.match(expected!, /^a class of the training data/);
      }
    }
  });

  test('numbers to predict, without a task; ids', async () => {
    train(Array.from({ length: 400 }, (_, i) => String(i / 7)));
    write('dev.csv', 'a,y\n0,0\n');
    const { notices, explained } = await load();
    assert.deepEqual(notices, [['y', '400 different numbers as classes, in 400 examples']]);
    assert.match(explained[0]!, /task: regression/);
    train(Array.from({ length: 40 }, (_, i) => `id-${i}`));
    write('dev.csv', 'a,y\n0,id-0\n');
    assert.match(String((await load()).notices), /40 classes in 40 examples/);
  });

  test('imbalance, classes with one example, classes without a validation example: once each', async () => {
    train(many({ x: 99, z: 1 }));
    assert.deepEqual((await load()).notices, [
      ['y', 'only one training example of 1 class: "z"'],
      ['y', 'imbalanced classes: 99 % of the training examples are "x", 1 % are "z"'],
    ]);
    train(many({ x: 10, z: 10, w: 10 }));
    write('dev.csv', 'a,y\n0,x\n0,x\n0,z\n');
    assert.deepEqual((await load()).notices, [['y', 'no validation example of 1 class: "w"']]);
    train(many({ x: 60, z: 40 }));
    write('dev.csv', 'a,y\n0,x\n0,z\n');
    assert.deepEqual((await load()).notices, []);
  });

  test('the validation file is the training file', async () => {
    train(many({ x: 3, z: 3 }));
    const { notices } = await load({ dev: 'train.csv' });
    assert.match(notices[0]![1]!, /the validation file is the training file/);
  });
});

describe('columns', () => {
  test('an index without a name is not a feature', async () => {
    for (const name of ['', ' ', 'Unnamed: 0', '__index_level_0__']) {
      write('train.csv', `${name},a,y\n0,1,x\n1,2,z\n`);
      write('dev.csv', `${name},a,y\n0,1,x\n1,2,z\n`);
      const { place, message, expected } = await refusal();
      assert.equal(place, 'grain.yaml:2:16');
      assert.match(message, /column 1 of .*train.csv.* looks like an index/);
      assert.match(expected!, /index=False.*data\.features/);
      assert.equal((await load({ data: 'features: [a]' })).data.train.count, 2);
    }
  });

  test('features that are the same in every example, if there are no others', async () => {
    const rows = (more: (i: number) => string) =>
      Array.from({ length: 20 }, (_, i) => `1,${more(i)},${'xz'[i % 2]}`).join('\n');
    write('dev.csv', 'a,b,y\n1,2,x\n1,2,z\n');
    write('train.csv', `a,b,y\n${rows(() => '2')}\n`);
    assert.deepEqual((await load()).notices, [
      ['train.csv', 'the same features in every example: "a", "b"'],
    ]);
    write('train.csv', `a,b,y\n${rows((i) => `${(i * 7) % 5}.5`)}\n`);
    assert.deepEqual((await load()).notices, []);
  });

  test('a column with an invisible character in its name is shown with it, no other is suggested', async () => {
    write('train.csv', 'a,\u200by\n1,x\n');
    const { message, expected, suggestion } = await refusal();
    assert.match(message, /no column "y"/);
    assert.match(expected!, /"a", "\\u200by"/);
    assert.equal(suggestion, undefined);
  });

  test('row numbers and ids are pointed out, in order or shuffled', async () => {
    const rows = (order: (i: number) => number) =>
      Array.from({ length: 50 }, (_, i) => `${order(i)},${(i * 7) % 5}.5,${'xz'[i % 2]}`).join(
        '\n',
      );
    for (const order of [
      (i: number) => i,
      (i: number) => 50 - i,
      (i: number) => (i * 7) % 53,
      (i: number) => 1000 + 2 * i - (i % 3),
    ]) {
      write('train.csv', `id,a,y\n${rows(order)}\n`);
      write('dev.csv', 'id,a,y\n3,1,x\n4,2,z\n');
      assert.deepEqual((await load()).notices, [
        ['train.csv', 'row numbers or ids as feature: "id"'],
      ]);
      const { notices } = await load({ data: 'features: [a]' });
      assert.deepEqual(notices, []);
    }
  });

  test('features that give the target away', async () => {
    const label = (i: number) => Math.floor(i / 20);
    const row = (i: number) => `${(i * 7) % 5}.5,${label(i) * 3},${i / 7},${'xzw'[label(i)]}`;
    const rows = Array.from({ length: 60 }, (_, i) => row((i * 7) % 60));
    write('train.csv', `a,copy,sorted,y\n${rows.join('\n')}\n`);
    write('dev.csv', 'a,copy,sorted,y\n1,0,2,x\n1,1,2,z\n1,1,2,w\n');
    assert.deepEqual((await load()).notices, [
      ['train.csv', 'features that alone order all examples by their target: "copy", "sorted"'],
    ]);
    const values = Array.from({ length: 30 }, (_, i) => `${(i * 7) % 5}.5,${i * i},${-i / 3}`);
    write('train.csv', `a,b,y\n${values.join('\n')}\n`);
    write('dev.csv', 'a,b,y\n1,0,2\n');
    assert.deepEqual((await load({ task: 'regression' })).notices, [
      ['train.csv', 'feature that alone orders all examples by their target: "b"'],
    ]);
  });

  test('JSONL: what unused keys hold, or lack, does not matter', async () => {
    write(
      'train.jsonl',
      '{"a": 0, "y": "x", "note": 1}\n{"y": "z", "a": 1}\n{"a": 2, "y": "x", "note": NaN, "more": []}\n',
    );
    const { data } = await load({ train: 'train.jsonl', data: 'features: [a]' });
    assert.equal(data.train.count, 3);
    write('train.jsonl', '{"a": 0, "y": "x"}\n{"a": 1, "y": "z", "b": 2}\n');
    const all = await refusal({ train: 'train.jsonl' });
    assert.deepEqual([all.place, all.message], ['train.jsonl:2:20', 'unknown key "b"']);
    write('train.jsonl', '{"a": 0, "y": "x"}\n{"y": "z"}\n');
    assert.match((await refusal({ train: 'train.jsonl' })).message, /lacks the key "a"/);
  });

  test('lists and structs as texts, in JSON and Parquet', async () => {
    write('train.jsonl', '{"a": {"n": 12345678901234567890}, "y": "x"}\n');
    const { message } = await refusal({ train: 'train.jsonl', data: 'text: a' });
    assert.equal(message, 'an object in column "a" is not a text');
  });

  test('no such column: those that there are, and why not', async () => {
    write('train.csv', '1,2,x\n3,4,z\n');
    assert.match((await refusal()).expected!, /"1", "2", "x"\. If the first line is an example/);
    write('train.csv', 'p;r,b;y\n');
    assert.match((await refusal()).expected!, /"p;r", "b;y"\. If another character/);
  });
});
