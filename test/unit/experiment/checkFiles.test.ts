import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import { checkFiles } from '../../../src/experiment/checkFiles.ts';
import { ConfigError } from '../../../src/experiment/configError.ts';
import { parseConfig } from '../../../src/experiment/parse.ts';
import { textAt } from './textAt.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'grain-files-'));
after(() => rmSync(folder, { recursive: true }));
mkdirSync(path.join(folder, 'data'));
mkdirSync(path.join(folder, 'saved'));
mkdirSync(path.join(folder, 'empty'));
for (const name of ['data/train.csv', 'data/dev.csv', 'saved/model.json']) {
  writeFileSync(path.join(folder, name), '');
}

function missing(text: string) {
  try {
    checkFiles(parseConfig(text, 'grain.yaml'), folder);
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
    'data: { train: data/trian.csv, validation: data, target: y }\nmodel:\n  from: "saves"';
  assert.deepEqual(missing(text), [
    ['data/trian.csv', 'there is no file data/trian.csv', 'data/train.csv'],
    ['data', 'data is no file', undefined],
    ['saves', 'there is no folder saves', 'saved'],
  ]);
});

test('a folder without a model, a file in place of a folder, a folder that is not there', () => {
  const files = 'data: { train: data/train.csv, validation: nowhere/dev.csv, target: y }';
  assert.deepEqual(missing(`${files}\nmodel: { from: empty }`), [
    ['nowhere/dev.csv', 'there is no file nowhere/dev.csv', undefined],
    ['empty', 'the folder empty holds no model.json', undefined],
  ]);
  const [, model] = missing(`${files}\nmodel: { from: saved/model.json }`);
  assert.equal(model?.[1], 'saved/model.json is no folder');
});
