import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import { ConfigError } from '../../../src/config/diagnostic.ts';
import { openTable, type TableConfig } from '../../../src/data/openTable.ts';
import { TableFile } from '../../../src/data/table.ts';
import { rowsOf } from './rows.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'grain-tables-'));
after(() => rmSync(folder, { recursive: true }));

async function read(text: string, config: TableConfig, name = 'table.csv') {
  const file = path.join(folder, name);
  writeFileSync(file, text);
  const table = await openTable(new TableFile(file, () => {}), config);
  const { columns } = table;
  const read: unknown[][] = [];
  for await (const { cells } of rowsOf(table)) read.push(columns.map((_, i) => cells[i]));
  return { columns, rows: read };
}

async function errorOf(text: string, config: TableConfig) {
  try {
    await read(text, config);
  } catch (error) {
    assert.ok(error instanceof ConfigError, String(error));
    const { line, column, message, expected } = error.diagnostics[0]!;
    return [line, column, message, expected];
  }
  assert.fail('expected an error');
}

test('data.columns names the columns: the first line is an example', async () => {
  const { columns, rows } = await read('1,a\n2,b\n', { columns: ['x', 'y'] });
  assert.deepEqual(columns, ['x', 'y']);
  assert.deepEqual(rows, [
    ['1', 'a'],
    ['2', 'b'],
  ]);
});

test('the format of STS-B: tabs in a .csv, unpaired quotes, extra cells in some rows', async () => {
  const text = 'news\t5.000\tA "plane.\tAn air plane.\nforum\t0.5\tYes.\t"No\thttp://x\tlicence\n';
  const { rows } = await read(text, {
    format: 'tsv',
    columns: ['genre', 'score', 'sentence1', 'sentence2'],
    extraCells: 'ignore',
  });
  assert.deepEqual(rows, [
    ['news', '5.000', 'A "plane.', 'An air plane.'],
    ['forum', '0.5', 'Yes.', '"No'],
  ]);
});

test('a row with too many cells: the position of the first extra one, and how to ignore it', async () => {
  assert.deepEqual(await errorOf('1,a\n2,b,c\n', { columns: ['x', 'y'] }), [
    2,
    5,
    'the row has 3 fields',
    '2, one per name in data.columns, or data.extraCells: ignore',
  ]);
  assert.deepEqual(await errorOf('x,y\n2,b,c\n', {}), [
    2,
    5,
    'the row has 3 fields',
    '2, one per column of the first line. If each row begins with its name or number, as those of R do, write the file without (row.names = FALSE); if it ends with a separator, remove that, or set data.extraCells: ignore',
  ]);
});

test('a row with too few cells is an error even if extra cells are ignored', async () => {
  const config: TableConfig = { columns: ['x', 'y', 'z'], extraCells: 'ignore' };
  assert.deepEqual(await errorOf('1,2,3\n4,5\n', config), [
    2,
    3,
    'the row has 2 fields',
    '3, one per name in data.columns',
  ]);
});

test('the format in the config overrides the extension', async () => {
  assert.deepEqual((await read('{"x": 1}\n', { format: 'jsonl' }, 'table.txt')).rows, [[1]]);
  assert.deepEqual((await read('x,y\n1,2\n', { format: 'csv' }, 'table.jsonl')).rows, [['1', '2']]);
  assert.deepEqual((await read('{"x": 1}\n', {}, 'table.ndjson')).rows, [[1]]);
});
