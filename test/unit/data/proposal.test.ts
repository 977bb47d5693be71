import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import { parseConfig } from '../../../src/config/parse.ts';
import { configText, proposedChoice } from '../../../src/data/proposal/configText.ts';
import { describeTable } from '../../../src/data/proposal/describe.ts';
import { targets } from '../../../src/data/proposal/propose.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'grain-proposal-'));
after(() => rmSync(folder, { recursive: true, force: true }));

function write(name: string, lines: readonly string[]): string {
  const file = path.join(folder, name);
  writeFileSync(file, `${lines.join('\n')}\n`);
  return file;
}

const rows = <T>(count: number, row: (i: number) => T) =>
  Array.from({ length: count }, (_, i) => row(i));

/** The config that is proposed for a file, which has no mistakes. */
async function proposed(file: string) {
  const description = await describeTable(file);
  const choice = proposedChoice(description);
  assert.ok(choice);
  const { config } = parseConfig(configText(description, choice, folder), 'grain.yaml');
  return config;
}

test('texts with a label and a source: a transformer, and groups by source', async () => {
  const text = (i: number) => `A sentence about matter number ${i} and what follows from it`;
  const file = write('reviews.csv', [
    'id,review,source,label',
    ...rows(
      100,
      (i) => `${i},"${text(i)}",${['web', 'app'][i % 2]},${['bad', 'good'][i % 3 ? 1 : 0]}`,
    ),
  ]);
  const { name, task, data, groups, model } = await proposed(file);
  assert.deepEqual(
    [name, task, data.target, data.text, groups.by],
    ['reviews', 'classification', 'label', 'review', 'column:source'],
  );
  assert.deepEqual(data.validation, { share: 0.2, seed: 0 });
  assert.match(model.from ?? '', /MiniLM/);
});

test('numbers behind semicolons, some missing: a regression on standardized features without the id', async () => {
  const file = write('houses.csv', [
    'nr;area;rooms;town;price',
    ...rows(
      60,
      (i) => `${i + 1};${i === 5 ? '' : 40 + ((i * 7) % 31)};${i % 5};t${i};${1000.5 * i}`,
    ),
  ]);
  const { task, data, model } = await proposed(file);
  assert.equal(task, 'regression');
  assert.deepEqual(data.features, ['area', 'rooms']);
  assert.deepEqual(
    [data.target, data.delimiter, data.dropIncomplete, data.standardize, model.architecture],
    ['price', ';', true, true, 'mlp'],
  );
});

test('questions and answers: generation; the file beside it that is named dev is for validation', async () => {
  const line = (i: number) =>
    JSON.stringify({ question: `What is ${i} plus ${i}, in words?`, answer: `It is ${2 * i}.` });
  const file = write('train.jsonl', rows(60, line));
  write('dev.jsonl', rows(10, line));
  const { task, data } = await proposed(file);
  assert.deepEqual(
    [task, data.text, data.target, data.validation],
    ['generation', 'question', 'answer', 'dev.jsonl'],
  );
});

test('a square of bytes is an image', async () => {
  const names = rows(64, (i) => `p${i}`);
  const file = write('images.csv', [
    [...names, 'class'].join(','),
    ...rows(40, (i) => [...names.map((_, p) => (i * 31 + p * 17) % 256), i % 4].join(',')),
  ]);
  const { data, model } = await proposed(file);
  assert.deepEqual([data.image, data.scale, model.architecture], [[8, 8, 1], 255, 'cnn']);
  assert.equal(data.features, undefined);
});

test('where points come from is not what is to be predicted', async () => {
  const file = write('points.csv', [
    'x,y,ring,site',
    ...rows(40, (i) => `${i / 7},${-i / 3},${['in', 'out'][i % 2]},${['n', 's'][i % 3 ? 0 : 1]}`),
  ]);
  const { data, groups } = await proposed(file);
  assert.deepEqual([data.target, groups.by], ['ring', 'column:site']);
});

test('without a telling name the last column is the likeliest target; a constant is none', async () => {
  const file = write('plain.csv', ['a,b,c,d', ...rows(30, (i) => `${i / 7},${i % 3},${i % 2},1`)]);
  const names = targets(await describeTable(file)).map(({ name }) => name);
  assert.deepEqual(names, ['c', 'b', 'a']);
});

test('what is no table is refused as a run would', async () => {
  // As mistakes of the data, of which `grain` makes its exit status.
  await assert.rejects(describeTable('nowhere.csv'), { name: 'ConfigError', message: /not found/ });
  await assert.rejects(describeTable(import.meta.dirname), {
    name: 'ConfigError',
    message: /folder/,
  });
  await assert.rejects(describeTable(write('one.csv', ['text', 'a', 'b'])), /one column/);
  await assert.rejects(describeTable(write('empty.csv', ['a,b'])), /no examples/);
});
