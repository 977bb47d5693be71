import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, beforeEach, describe, test } from 'node:test';
import fc from 'fast-check';
import { ConfigError } from '../../../src/config/diagnostic.ts';
import { type ParsedConfig, parseConfig } from '../../../src/config/parse.ts';
import type { TabularData } from '../../../src/data/dataset.ts';
import { loadTabularData } from '../../../src/data/loadTabular.ts';
import { openTable } from '../../../src/data/openTable.ts';
import { TableFile } from '../../../src/data/table.ts';
import { rowsOf } from './rows.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'grain-data-'));
after(() => rmSync(folder, { recursive: true }));

function write(name: string, text: string): string {
  writeFileSync(path.join(folder, name), text);
  return path.join(folder, name);
}

interface Settings {
  readonly task?: string;
  /** Keys of `data` besides the files and the target, in YAML flow style. */
  readonly data?: string;
  readonly groups?: string;
  readonly train?: string;
  readonly validation?: string;
  readonly target?: string;
}

function parsedOf(settings: Settings = {}): ParsedConfig {
  const { train = 'train.csv', validation = 'validation.csv', target = 'label' } = settings;
  const more = settings.data ? `, ${settings.data}` : '';
  const text = [
    'name: data',
    `task: ${settings.task ?? 'classification'}`,
    'model: { architecture: mlp }',
    `data: { train: ${train}, validation: ${validation}, target: ${target}${more} }`,
    `groups: ${settings.groups ?? '{ by: microbatch, count: 1 }'}`,
    'aggregate: [mean]',
    '',
  ].join('\n');
  const file = write('grain.yaml', text);
  return parseConfig(text, file);
}

async function load(
  settings: Settings = {},
  onBytes: (bytes: number) => void = () => {},
): Promise<TabularData> {
  const parsed = parsedOf(settings);
  const files = { train: parsed.dataFiles('train'), validation: parsed.dataFiles('validation') };
  return loadTabularData(parsed, files, onBytes);
}

async function failure(settings: Settings = {}) {
  let caught: unknown;
  await load(settings).catch((error: unknown) => {
    caught = error;
  });
  assert.ok(caught instanceof ConfigError, `expected a ConfigError, got ${caught}`);
  const [diagnostic] = caught.diagnostics;
  assert.ok(diagnostic);
  return { ...diagnostic, file: path.basename(diagnostic.file) };
}

describe('reading', () => {
  test('CSV: features in the order of the header, sorted classes, no feature from the group column', async () => {
    write('train.csv', 'a,kind,label,b\n1,x,no,2\n3,y,yes,4\n5,x,no,6.5\n');
    write('validation.csv', 'label,b,a\nyes,20,10\n');
    const data = await load({ groups: '{ by: column:kind }' });
    assert.deepEqual([...data.train.features], [1, 2, 3, 4, 5, 6.5]);
    assert.deepEqual([...data.train.targets], [0, 1, 0]);
    assert.deepEqual(data.classes, ['no', 'yes']);
    assert.deepEqual(data.column?.names, ['x', 'y']);
    assert.deepEqual([...(data.column?.indices ?? [])], [0, 1, 0]);
    assert.deepEqual([...data.validation.features], [10, 20], 'columns are found by name');
    assert.deepEqual([...data.validation.targets], [1]);
    assert.deepEqual(data.shape, [2]);
  });

  test('classes that are numbers are sorted by value', async () => {
    write('train.csv', 'a,label\n1,10\n1,9\n1,-1\n');
    write('validation.csv', 'a,label\n1,9\n');
    assert.deepEqual((await load()).classes, ['-1', '9', '10']);
  });

  test('quotes, quoted newlines, CRLF, a byte order mark and blank lines', async () => {
    write('train.csv', '\ufeffa,label\r\n1,"x, ""y"""\r\n\r\n2,"two\nlines"\r\n');
    write('validation.csv', 'a,label\n1,"two\nlines"');
    const data = await load();
    assert.deepEqual(data.classes, ['two\nlines', 'x, "y"']);
    assert.deepEqual([...data.train.features], [1, 2]);
  });

  test('TSV, where quotes have no meaning', async () => {
    write('train.tsv', 'a\tlabel\n1\t"\n2\tit\'s\n');
    write('validation.csv', "a,label\n2,it's\n");
    assert.deepEqual((await load({ train: 'train.tsv' })).classes, ['"', "it's"]);
  });

  test('JSONL: keys in any order, U+2028 inside a string, booleans as classes', async () => {
    write(
      'train.jsonl',
      '{"a": 1, "t": "\u2028", "label": true}\n{"label": false, "t": "", "a": 2}\n',
    );
    write('validation.csv', 'a,label\n3,true\n');
    const data = await load({ train: 'train.jsonl', data: 'features: [a]' });
    assert.deepEqual(data.classes, ['false', 'true']);
    assert.deepEqual([...data.train.features], [1, 2]);
    assert.deepEqual([...data.train.targets], [1, 0]);
  });

  test('regression: targets are parsed as numbers', async () => {
    write('train.csv', 'a,label\n1,0.1\n2,-3e5\n');
    write('validation.csv', 'a,label\n1,7\n');
    const data = await load({ task: 'regression' });
    assert.deepEqual([...data.train.targets], [0.1, -3e5]);
    assert.deepEqual([...data.validation.targets], [7]);
    assert.deepEqual(data.classes, []);
  });

  test('features are divided by scale; only listed ones are read; images get their shape', async () => {
    write('train.csv', 'id,p0,p1,label\nfirst,255,0,a\nsecond,51,102,b\n');
    write('validation.csv', 'id,p0,p1,label\nx,0,255,a\n');
    const data = await load({ data: 'features: [p0, p1], scale: 255, image: [1, 2, 1]' });
    assert.deepEqual([...data.train.features], [1, 0, Math.fround(0.2), Math.fround(0.4)]);
    assert.deepEqual(data.shape, [1, 2, 1]);
  });

  test('standardize: mean 0 and deviation 1 in training, the same shift in validation', async () => {
    const rows = fc.array(fc.tuple(fc.integer({ min: -1000, max: 1000 }), fc.boolean()), {
      minLength: 3,
      maxLength: 30,
    });
    await fc.assert(
      fc.asyncProperty(rows, async (samples) => {
        const values = samples.map(([value]) => value);
        const table = values.map((value, i) => `${value},0.1,${i % 2 ? 'x' : 'y'}`);
        write('train.csv', `a,constant,label\n${table.join('\n')}\n`);
        write('validation.csv', `a,constant,label\n${values[0]! + 1},0.1,x\n`);
        const { train, validation } = await load({ data: 'standardize: true' });
        const mean = values.reduce((sum, value) => sum + value) / values.length;
        const variance =
          values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length;
        const deviation = Math.sqrt(variance) || 1;
        values.forEach((value, i) => {
          assert.ok(Math.abs(train.features[2 * i]! - (value - mean) / deviation) < 1e-4);
          assert.ok(Math.abs(train.features[2 * i + 1]!) < 1e-6, 'a constant column becomes 0');
        });
        const shifted = (values[0]! + 1 - mean) / deviation;
        assert.ok(Math.abs(validation.features[0]! - shifted) < 1e-4);
      }),
      { numRuns: 30 },
    );
  });

  test('fingerprints are SHA-256 of the files; progress adds up to their sizes', async () => {
    const train = `a,label\n${'1.5,x\n2.5,y\n'.repeat(20_000)}`;
    write('train.csv', train);
    write('validation.csv', 'a,label\n1,x\n');
    const chunks: number[] = [];
    const data = await load({}, (bytes) => chunks.push(bytes));
    assert.equal(data.fingerprints.train, createHash('sha256').update(train).digest('hex'));
    assert.equal(
      chunks.reduce((sum, bytes) => sum + bytes),
      train.length + 'a,label\n1,x\n'.length,
    );
    assert.ok(chunks.length > 3, 'read in pieces');
    assert.equal(data.train.count, 40_000);
  });

  test('any table of texts survives a round trip through CSV', async () => {
    const cell = fc.string({ unit: fc.constantFrom('a', '"', ',', '\n', ' ', 'é') });
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(cell, cell), { minLength: 1, maxLength: 8 }),
        async (rows) => {
          const quoted = rows.map((row) =>
            row.map((it) => `"${it.replaceAll('"', '""')}"`).join(','),
          );
          const file = write('any.csv', `first,second\n${quoted.join('\n')}\n`);
          const table = await openTable(new TableFile(file, () => {}));
          const read: unknown[] = [];
          for await (const { cells } of rowsOf(table)) read.push(cells);
          assert.deepEqual(read, rows);
        },
      ),
      { numRuns: 50 },
    );
  });
});

describe('errors', () => {
  beforeEach(() => {
    write('train.csv', 'alpha,beta,label\n1,2,x\n3,4,y\n');
    write('validation.csv', 'alpha,beta,label\n1,2,x\n');
  });

  /** Position of the only occurrence of a text in the config of some settings. */
  function inConfig(text: string, settings: Settings) {
    const lines = requestText(settings).split('\n');
    const line = lines.findIndex((it) => it.includes(text));
    return { file: 'grain.yaml', line: line + 1, column: lines[line]!.indexOf(text) + 1 };
  }

  function requestText(settings: Settings): string {
    parsedOf(settings);
    return readFileSync(path.join(folder, 'grain.yaml'), 'utf8');
  }

  test('a file may be given by its absolute path', async () => {
    write('train.csv', 'alpha,beta,label\n1,2,x\n3,4,y\n');
    const { train } = await load({ train: path.join(folder, 'train.csv') });
    assert.deepEqual([...train.features], [1, 2, 3, 4]);
  });

  test('a missing file', async () => {
    const settings = { train: 'trian.csv' };
    const { file, line, column } = await failure(settings);
    assert.deepEqual({ file, line, column }, inConfig('trian.csv', settings));
  });

  test('no suggestion where no name is near', async () => {
    assert.equal((await failure({ target: 'temperature' })).suggestion, undefined);
  });

  test('a missing target, feature or group column, with a suggestion', async () => {
    for (const [settings, wrong, nearest] of [
      [{ target: 'labell' }, 'labell', 'label'],
      [{ data: 'features: [alpha, bata]' }, 'bata', 'beta'],
      [{ groups: '{ by: column:alphaa }' }, 'column:alphaa', 'column:alpha'],
    ] as const) {
      const { file, line, column, suggestion } = await failure(settings);
      assert.deepEqual({ file, line, column }, inConfig(wrong, settings));
      assert.equal(suggestion, nearest);
    }
  });

  test('a validation file without a column of the training file', async () => {
    write('validation.csv', 'alpha,label\n1,x\n');
    const { file, line, column, message } = await failure();
    assert.deepEqual({ file, line, column }, inConfig('validation.csv', {}));
    assert.match(message, /beta/);
  });

  test('cells that are not a finite number, with their position in the data file', async () => {
    for (const [cell, column] of [
      ['NaN', 3],
      ['', 3],
      ['  ', 3],
      ['Infinity', 3],
      ['1e39', 3],
      ['four', 3],
    ] as const) {
      write('train.csv', `alpha,beta,label\n1,2,x\n\n3,${cell},y\n`);
      const diagnostic = await failure();
      assert.deepEqual(
        { file: diagnostic.file, line: diagnostic.line, column: diagnostic.column },
        { file: 'train.csv', line: 4, column },
      );
      assert.match(diagnostic.message, /"beta"/);
      assert.match(diagnostic.expected ?? '', /number/);
    }
  });

  test('positions are right where line endings are mixed', async () => {
    for (const text of ['a,label\n1,x\r\nb,y\r\n', 'a,label\r\n1,x\nb,y\n', 'a,label\r1,x\rb,y']) {
      write('train.csv', text);
      const { line, column } = await failure();
      assert.deepEqual([line, column], [3, 1], JSON.stringify(text));
    }
  });

  test('positions are right after quoted fields that span lines', async () => {
    write('train.csv', 'note,beta,label\n"a ""b"",\nc",bad,x\n');
    const { line, column } = await failure({ data: 'features: [beta]' });
    assert.deepEqual({ line, column }, { line: 3, column: 4 });
  });

  test('a missing label, or NaN as a label', async () => {
    for (const label of ['', 'NaN']) {
      write('train.csv', `alpha,beta,label\n1,2,x\n3,4,${label}\n`);
      const { file, line, column } = await failure();
      assert.deepEqual({ file, line, column }, { file: 'train.csv', line: 3, column: 5 });
    }
  });

  test('rows that are too short or too long', async () => {
    write('train.csv', 'alpha,beta,label\n1,2,x\n3,4\n');
    const short = await failure();
    assert.deepEqual([short.file, short.line, short.column], ['train.csv', 3, 3]);
    write('train.csv', 'alpha,beta,label\n1,2,x\n3,4,y,5\n');
    const long = await failure();
    assert.deepEqual([long.file, long.line, long.column], ['train.csv', 3, 7]);
  });

  test('broken quoting', async () => {
    write('train.csv', 'alpha,beta,label\n1,2,x\n3,"4,y\n');
    const { file, line } = await failure();
    assert.deepEqual({ file, line }, { file: 'train.csv', line: 3 });
  });

  test('an empty file, a file with only a header, a repeated column name', async () => {
    for (const text of ['', 'alpha,beta,label\n']) {
      write('train.csv', text);
      const { file, line, column } = await failure();
      assert.deepEqual({ file, line, column }, { file: 'train.csv', line: 1, column: 1 });
    }
    write('train.csv', 'alpha,alpha,label\n1,2,x\n');
    const { line, column } = await failure();
    assert.deepEqual({ line, column }, { line: 1, column: 7 });
  });

  test('only one class', async () => {
    write('train.csv', 'alpha,beta,label\n1,2,x\n3,4,x\n');
    const { file, line, column, message } = await failure();
    assert.deepEqual({ file, line, column }, inConfig('label }', {}));
    assert.match(message, /one class/);
  });

  test('a validation class that is not in the training data', async () => {
    write('validation.csv', 'alpha,beta,label\n1,2,x\n3,4,z\n');
    const { file, line, column, message } = await failure();
    assert.deepEqual({ file, line, column }, { file: 'validation.csv', line: 3, column: 5 });
    assert.match(message, /"z"/);
  });

  test('an image whose size is not the number of features', async () => {
    const settings = { data: 'image: [2, 2, 1]' };
    const { file, line, column } = await failure(settings);
    assert.deepEqual({ file, line, column }, inConfig('[2, 2, 1]', settings));
  });

  test('JSONL: invalid JSON, a line that is not an object, a missing and an unknown key', async () => {
    const first = '{"alpha": 1, "beta": 2, "label": "x"}\n';
    for (const [second, column] of [
      ['{"alpha": 1 "beta": 2}', 13],
      ['[1, 2]', 1],
      ['{"alpha": 1, "label": "y"}', 1],
      ['{"alpha": 1, "beta": 2, "label": "y", "gamma": 3}', 39],
      ['{"alpha": 1, "beta": null, "label": "y"}', 22],
      ['{"alpha": 1, "beta": NaN, "label": "y"}', 22],
      ['{"alpha":-Infinity, "beta": 1, "label": "y"}', 10],
      ['{"alpha": 1, "beta": 1, "beta": 2, "label": "y"}', 25],
      ['{"alpha": 1, "beta": 1, "label": "y}', 37],
    ] as const) {
      write('train.jsonl', `${first}${second}\n`);
      const diagnostic = await failure({ train: 'train.jsonl' });
      assert.deepEqual(
        [diagnostic.file, diagnostic.line, diagnostic.column],
        ['train.jsonl', 2, column],
        diagnostic.message,
      );
    }
  });
});
