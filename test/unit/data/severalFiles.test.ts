/** Several files per part: lists and patterns. */
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import { checkFiles } from '../../../src/config/checkFiles.ts';
import { ConfigError, type Diagnostic } from '../../../src/config/diagnostic.ts';
import { type ParsedConfig, parseConfig } from '../../../src/config/parse.ts';
import { loadTabularData } from '../../../src/data/loadTabular.ts';
import { textAt } from '../config/textAt.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'grain-several-[x]-'));
after(() => rmSync(folder, { recursive: true, force: true }));
mkdirSync(path.join(folder, 'parts'));

function write(files: Readonly<Record<string, string>>): void {
  for (const [name, text] of Object.entries(files)) writeFileSync(path.join(folder, name), text);
}

write({
  'a.csv': 'x,z,y\n1,10,p\n2,20,q\n',
  'b.csv': 'y,x,z\nq,3,30\np,4,40\n',
  'c.jsonl': '{"x": 5, "z": 50, "y": "p"}\n',
  'dev.csv': 'x,z,y\n9,90,p\n',
  'lacks.csv': 'x,y\n1,p\n',
  'more.csv': 'x,z,y,w\n1,10,p,0\n',
  'bad.csv': 'x,z,y\n1,10,p\nmany,20,q\n',
  'parts/part-2.csv': 'x,z,y\n2,0,p\n',
  'parts/part-10.csv': 'x,z,y\n10,0,q\n',
  'parts/part-1.csv': 'x,z,y\n1,0,q\n',
  'parts/[1].csv': 'x,z,y\n7,0,q\n8,0,p\n',
  'parts/notes.txt': '',
});

function parsedOf(train: string, more = 'validation: dev.csv'): [ParsedConfig, string] {
  const text = `data: { train: ${train}, ${more}, target: y }`;
  return [parseConfig(text, path.join(folder, 'grain.yaml')), text];
}

function load(train: string, more?: string) {
  const [parsed] = parsedOf(train, more);
  checkFiles(parsed);
  const files = { train: parsed.dataFiles('train'), validation: parsed.dataFiles('validation') };
  return loadTabularData(parsed, files, () => {});
}

async function mistake(work: () => unknown): Promise<Diagnostic> {
  try {
    await work();
  } catch (error) {
    assert.ok(error instanceof ConfigError, String(error));
    return error.diagnostics[0]!;
  }
  assert.fail('expected an error');
}

test('rows of all files follow each other, with columns found by name', async () => {
  const { train, classes, fingerprints } = await load('[a.csv, b.csv, c.jsonl]');
  assert.deepEqual([...train.features], [1, 10, 2, 20, 3, 30, 4, 40, 5, 50]);
  assert.deepEqual(
    [classes, [...train.targets]],
    [
      ['p', 'q'],
      [0, 1, 1, 0, 0],
    ],
  );
  const other = await load('[b.csv, a.csv, c.jsonl]');
  assert.notEqual(other.fingerprints.train, fingerprints.train);
  const [one, listed] = [await load('a.csv'), await load('[a.csv]')];
  assert.equal(listed.fingerprints.train, one.fingerprints.train);
});

test('a pattern is its files by name; a file that is called so is that file', async () => {
  assert.deepEqual([...(await load("'parts/part-*.csv'")).train.features], [1, 0, 10, 0, 2, 0]);
  assert.deepEqual([...(await load("['parts/part-?.csv', a.csv]")).train.features].length, 8);
  assert.deepEqual([...(await load("'parts/[1].csv'")).train.features], [7, 0, 8, 0]);
  const absolute = path.join(folder, 'b.csv');
  assert.deepEqual((await load(`['${absolute}', a.csv]`)).train.features[0], 3);
});

test('a share for validation is drawn from all files', async () => {
  const { train, validation } = await load('[a.csv, b.csv]', 'validation: { share: 0.25 }');
  assert.deepEqual([train.count, validation.count], [3, 1]);
  const xs = [train, validation].flatMap(({ features }) => features.filter((_, i) => i % 2 === 0));
  assert.deepEqual(xs.flatMap((some) => [...some]).sort(), [1, 2, 3, 4]);
});

test('messages name the file', async () => {
  const cell = await mistake(() => load('[a.csv, bad.csv]'));
  assert.deepEqual([path.basename(cell.file), cell.line, cell.column], ['bad.csv', 3, 1]);
  const lacks = await mistake(() => load('[a.csv, lacks.csv]'));
  assert.equal(path.basename(lacks.file), 'lacks.csv');
  assert.match(lacks.message, /no column "z", which a\.csv has/);
  const more = await mistake(() => load('[a.csv, more.csv]'));
  assert.equal(path.basename(more.file), 'more.csv');
  assert.match(more.message, /column "w" is not in a\.csv/);
  // A column that nobody uses does not matter.
  const { train } = await load('[a.csv, more.csv]', 'validation: dev.csv, features: [x]');
  assert.equal(train.count, 3);
});

test('what is wrong with a list is marked where it is written', async () => {
  for (const [train, at, message] of [
    ['[a.csv, aa.csv]', 'aa.csv', /file not found: aa\.csv/],
    ["[a.csv, 'parts/x-*.csv']", 'parts/x-*.csv', /nothing matches parts\/x-\*\.csv/],
    ["'**/*.csv'", '**/*.csv', /searches whole folders/],
    ["['parts/part-*.csv', parts/part-2.csv]", 'parts/part-2.csv', /part-2\.csv is there twice/],
  ] as const) {
    const [, text] = parsedOf(train);
    const found = await mistake(() => load(train));
    assert.equal(textAt(text, found), at);
    assert.match(found.message, message);
  }
  const foreign = await mistake(() => parsedOf('[a.csv, b.xlsx]'));
  assert.deepEqual(foreign.path, ['data', 'train', 1]);
  const hub = await mistake(() => parsedOf("'a/*.csv'", 'from: owner/name, validation: dev.csv'));
  assert.match(hub.message, /pattern, which is not looked up on the Hub/);
  const empty = await mistake(() => parsedOf('[]'));
  assert.deepEqual(empty.path, ['data', 'train']);
});
