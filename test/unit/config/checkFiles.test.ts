import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import { checkFiles } from '../../../src/config/checkFiles.ts';
import { ConfigError } from '../../../src/config/diagnostic.ts';
import { modelOrigin } from '../../../src/config/modelOrigin.ts';
import { parseConfig } from '../../../src/config/parse.ts';
import { textAt } from './textAt.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'grain-files-'));
after(() => rmSync(folder, { recursive: true }));
mkdirSync(path.join(folder, 'data'));
mkdirSync(path.join(folder, 'saved'));
mkdirSync(path.join(folder, 'folder.csv'));
mkdirSync(path.join(folder, 'empty'));
mkdirSync(path.join(folder, 'owner/checkpoint'), { recursive: true });
for (const name of [
  'data/train.csv',
  'data/dev.csv',
  'saved/model.json',
  'owner/checkpoint/config.json',
]) {
  writeFileSync(path.join(folder, name), '');
}

function missing(text: string) {
  try {
    checkFiles(parseConfig(text, path.join(folder, 'grain.yaml')));
    return [];
  } catch (error) {
    assert.ok(error instanceof ConfigError, String(error));
    return error.diagnostics.map((it) => [textAt(text, it), it.message, it.suggestion]);
  }
}

test('what is there is fine, relative or absolute', () => {
  const validation = path.join(folder, 'data/dev.csv');
  const text = `data: { train: data/train.csv, validation: ${validation}, target: y }\nmodel: { from: saved }`;
  assert.deepEqual(missing(text), []);
});

test('all that is missing, with the nearest name in the same folder', () => {
  const text =
    'data: { train: data/trian.csv, validation: folder.csv, target: y }\nmodel:\n  from: "saves"';
  assert.deepEqual(missing(text), [
    ['data/trian.csv', 'file not found: data/trian.csv', 'data/train.csv'],
    ['folder.csv', 'folder.csv is a folder, not a file', undefined],
    ['saves', 'folder not found: saves', 'saved'],
  ]);
});

test('a folder without a model, a file in place of a folder, a folder that is not there', () => {
  const files = 'data: { train: data/train.csv, validation: nowhere/dev.csv, target: y }';
  assert.deepEqual(missing(`${files}\nmodel: { from: empty }`), [
    ['nowhere/dev.csv', 'file not found: nowhere/dev.csv', undefined],
    ['empty', 'the folder empty does not contain a model.json', undefined],
  ]);
  const [, model] = missing(`${files}\nmodel: { from: saved/model.json }`);
  assert.equal(model?.[1], 'saved/model.json is not a folder');
});

test('paths that are written for another program: what to write', () => {
  const adviceFor = (named: string) => {
    const text = `data: { train: '${named}', validation: data/dev.csv, target: y }`;
    try {
      checkFiles(parseConfig(text, path.join(folder, 'grain.yaml')));
    } catch (error) {
      assert.ok(error instanceof ConfigError);
      return error.diagnostics[0]!;
    }
    assert.fail('expected an error');
  };
  for (const [named, advice] of [
    ['https://host/data.csv', 'download the file'],
    ['s3://bucket/train.csv', 'download the file'],
    ['file:///data/train.csv', 'without file://'],
    ['$HOME/train.csv', 'Variables are not replaced'],
    ['%DATA%/train.csv', 'Variables are not replaced'],
    ['data\\train.csv', 'Separate folders by /'],
  ] as const) {
    assert.ok(
      adviceFor(named).expected!.includes(advice),
      `${named}: ${adviceFor(named).expected}`,
    );
  }
});

test('what is there, but no file, has no suggestion', () => {
  const text = 'data: { train: /dev/null, validation: data/dev.csv, target: y, format: csv }';
  assert.deepEqual(missing(text), [
    ['/dev/null', '/dev/null is a device or a pipe, not a file', undefined],
  ]);
});

test('texts need a checkpoint: in a folder, or named as on the hub', () => {
  const files = 'data: { train: data/train.csv, validation: data/dev.csv, target: y, text: x }';
  const complaint = (from: string) => missing(`${files}\nmodel: { from: ${from} }`)[0]?.[1];
  assert.equal(complaint('owner/checkpoint'), undefined);
  assert.equal(complaint(path.join(folder, 'owner/checkpoint')), undefined);
  assert.equal(complaint('owner/other'), undefined, 'not a folder, so on the hub');
  assert.equal(complaint('"owner/other@v1.0"'), undefined);
  assert.equal(complaint('./owner/other'), 'folder not found: ./owner/other');
  assert.equal(complaint('"~/nowhere-at-all"'), 'folder not found: ~/nowhere-at-all');
  assert.equal(complaint('other'), 'folder not found: other');
  assert.equal(complaint('a/b/c'), 'folder not found: a/b/c');
  assert.equal(complaint('saved'), 'the folder saved does not contain a config.json');
});

test('a name that had no owner once is completed', () => {
  const files = 'data: { train: data/train.csv, validation: data/dev.csv, target: y';
  const suggestions = (rest: string, name: string) =>
    missing(`${files}${rest} }\nmodel: { from: ${name} }`).map(([, , suggestion]) => suggestion);
  const owned = {
    'bert-base-uncased': 'google-bert/bert-base-uncased',
    'roberta-large': 'FacebookAI/roberta-large',
    'distilbert-base-uncased': 'distilbert/distilbert-base-uncased',
    distilgpt2: 'distilbert/distilgpt2',
    'gpt2-medium': 'openai-community/gpt2-medium',
  };
  for (const [name, id] of Object.entries(owned)) {
    assert.deepEqual(suggestions(', text: x', name), [id]);
    assert.deepEqual(suggestions('', name), [undefined], 'numbers have no model on the hub');
  }
  assert.deepEqual(suggestions(', text: x', 'bert-base-of-mine'), [undefined]);
});

test('numbers need a layers model, and there are none on the hub', () => {
  const files = 'data: { train: data/train.csv, validation: data/dev.csv, target: y }';
  assert.deepEqual(missing(`${files}\nmodel: { from: owner/chekpoint }`), [
    ['owner/chekpoint', 'folder not found: owner/chekpoint', 'owner/checkpoint'],
  ]);
  assert.equal(
    missing(`${files}\nmodel: { from: owner/checkpoint }`)[0]?.[1],
    'the folder owner/checkpoint does not contain a model.json',
  );
});

test('files of a dataset on the hub are not looked for here', () => {
  const text = 'data: { from: owner/name, train: a.jsonl, validation: b.jsonl, target: y }';
  assert.deepEqual(missing(text), []);
});

test('~ is the home folder', () => {
  assert.deepEqual(modelOrigin('~/models/a', folder), {
    kind: 'folder',
    folder: path.join(homedir(), 'models/a'),
  });
});

test('~ is the home folder for data files too', () => {
  const text = 'data: { train: "~/nowhere-at-all.csv", validation: data/dev.csv, target: y }';
  assert.equal(missing(text)[0]?.[1], 'file not found: ~/nowhere-at-all.csv');
  const home = process.env.HOME;
  process.env.HOME = path.join(folder, 'data');
  try {
    const config = 'data: { train: "~/train.csv", validation: data/dev.csv, target: y }';
    const parsed = parseConfig(config, path.join(folder, 'grain.yaml'));
    assert.deepEqual(parsed.dataFiles('train'), [path.join(folder, 'data/train.csv')]);
  } finally {
    process.env.HOME = home;
  }
});

test('links that form a loop or lead nowhere, paths through a file, pointers of Git LFS', () => {
  symlinkSync('circle.csv', path.join(folder, 'circle.csv'));
  symlinkSync('gone.csv', path.join(folder, 'broken.csv'));
  const pointer = 'version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 9\n';
  writeFileSync(path.join(folder, 'lfs.csv'), pointer);
  for (const [train, message] of [
    ['circle.csv', 'circle.csv cannot be read: its symbolic links form a loop (ELOOP)'],
    ['broken.csv', 'broken.csv is a symbolic link to gone.csv, which does not exist'],
    ['data/dev.csv/a.csv', 'file not found: data/dev.csv/a.csv'],
    [
      `${'a'.repeat(300)}.csv`,
      `${'a'.repeat(300)}.csv cannot be read: this name is too long (ENAMETOOLONG)`,
    ],
    ['lfs.csv', 'lfs.csv is a Git LFS pointer, not the file itself'],
  ]) {
    const found = missing(`data: { train: ${train}, validation: data/dev.csv, target: y }`);
    assert.equal(found[0]?.[1], message);
  }
});
