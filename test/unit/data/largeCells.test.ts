/** Cells of megabytes: time in proportion, compared with a peer in the same run, and bounds. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import { ConfigError } from '../../../src/config/diagnostic.ts';
import { CellReader } from '../../../src/data/cells.ts';
import { openTable } from '../../../src/data/openTable.ts';
import { TableFile } from '../../../src/data/table.ts';
import { rowsOf } from './rows.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'grain-large-'));
after(() => rmSync(folder, { recursive: true }));

const LETTERS = 'hello world ';
const text = LETTERS.repeat(20_000_000 / LETTERS.length);
const object = JSON.stringify({ text, label: 'a' });

async function seconds(work: () => Promise<unknown> | unknown): Promise<number> {
  const start = performance.now();
  await work();
  return (performance.now() - start) / 1000;
}

async function firstTextOf(name: string, content: string): Promise<unknown> {
  const file = path.join(folder, name);
  writeFileSync(file, content);
  for await (const { cells } of rowsOf(await openTable(new TableFile(file, () => {})))) {
    return cells[0];
  }
  return undefined;
}

test('a JSON object of 20 MB on one line takes a multiple of JSON.parse, not the square of its length', async () => {
  const peer = await seconds(() => JSON.parse(object));
  for (const [name, content] of [
    ['a.jsonl', object],
    ['a.json', `[${object}]`],
  ] as const) {
    const own = await seconds(async () => {
      assert.equal(await firstTextOf(name, content), text);
    });
    // About 20 here; 27 s were 1000.
    assert.ok(own < 200 * peer, `${own} s, JSON.parse ${peer} s`);
  }
});

test('many backslashes, spaces, brackets and bare numbers take time in proportion too', async () => {
  for (const piece of ['\\\\', '\\"', ' ', '[[', '{}', ',NaN', 'Infinity', '\\u00e9']) {
    const short = JSON.stringify({ a: 1 }).replace('1', `"${piece.repeat(50_000)}", "n": NaN`);
    const long = short.replace(piece, piece.repeat(950_000));
    // A first run warms up.
    await seconds(() => firstTextOf('b.jsonl', short));
    const [few, many] = [
      await seconds(() => firstTextOf('b.jsonl', short)),
      await seconds(() => firstTextOf('b.jsonl', long)),
    ];
    assert.ok(many < 20 * 20 * few + 1, `${JSON.stringify(piece)}: ${few} s, 20 times ${many} s`);
  }
});

test('labels and texts have a maximum length; the message does not repeat them', () => {
  const table = { file: 'a.csv', columns: ['text'], rows: () => assert.fail() };
  const reader = new CellReader(table, []);
  const row = { cells: [text], position: () => ({ line: 2, column: 1 }) };
  for (const [read, most] of [
    [() => reader.label(row, 0), 1000],
    [() => reader.text(row, 0), 4_000_000],
  ] as const) {
    assert.throws(read, (error) => {
      assert.ok(error instanceof ConfigError);
      assert.ok(error.message.length < 400);
      assert.match(error.message, /hello world hello.*…" in column "text" has 19999992 characters/);
      assert.match(error.message, new RegExp(`at most ${most}\\. Was a quote forgotten`));
      return true;
    });
  }
});
