import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import {
  appendFileSync,
  copyFileSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { ConfigError } from '../../../src/config/diagnostic.ts';
import { openTable } from '../../../src/data/openTable.ts';
import { TableFile, WrittenNumber } from '../../../src/data/table.ts';
import { TablesPeer } from '../../fuzz/tablesPeer.ts';
import { python } from '../../python/python.ts';
import { rowsOfColumns } from './columns.ts';
import { rowsOf } from './rows.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'grain-arrow-'));
const peer = new TablesPeer();
before(() => python('arrow_peer.py', [folder]));
after(() => {
  peer.end();
  rmSync(folder, { recursive: true });
});

const file = (name: string) => path.join(folder, name);

async function read(name: string, used?: readonly string[]) {
  const tableFile = new TableFile(file(name), () => {});
  const table = await openTable(tableFile);
  const rows: unknown[][] = [];
  const all = {
    columns: new Set(
      table.columns.flatMap((column, i) => (used && !used.includes(column) ? [] : i)),
    ),
    all: used === undefined,
  };
  for await (const { cells } of used ? table.rows(all) : rowsOf(table)) {
    rows.push(cells.map((cell) => (cell instanceof WrittenNumber ? `#${cell.text}` : cell)));
  }
  return { columns: table.columns, rows, fingerprint: tableFile.fingerprint() };
}

async function refusal(name: string, used?: readonly string[]): Promise<string> {
  try {
    await read(name, used);
  } catch (error) {
    assert.ok(error instanceof ConfigError, String(error));
    assert.ok(error.diagnostics[0]!.expected);
    return error.diagnostics[0]!.message;
  }
  assert.fail('expected an error');
}

test('both formats, plain and compressed, with texts, numbers, booleans, dictionaries and views', async () => {
  const expected = rowsOfColumns.map((row, i) => [...row, `${i} `.repeat(i % 9)]);
  const names = ['file', 'stream'].flatMap((format) =>
    ['None', 'lz4', 'zstd'].map((compression) => `${format}-${compression}.arrow`),
  );
  for (const name of [...names, 'table.feather']) {
    const { rows, fingerprint } = await read(name);
    assert.deepEqual(rows, expected, name);
    const hash = createHash('sha256')
      .update(readFileSync(file(name)))
      .digest('hex');
    assert.equal(fingerprint, hash);
  }
  copyFileSync(file('file-lz4.arrow'), file('copy.ipc'));
  assert.deepEqual((await read('copy.ipc')).rows, expected);
  assert.deepEqual((await read('none.arrow')).rows, []);
});

test('blocks of compression that refer to each other', async () => {
  const plain = await read('words-plain.arrow');
  assert.equal(plain.rows.length, 300);
  for (const compression of ['lz4', 'zstd']) {
    assert.deepEqual((await read(`words-${compression}.arrow`)).rows, plain.rows);
  }
});

test('what JavaScript has no exact type for is text; bytes are text only if they are UTF-8', async () => {
  const { columns, rows } = await read('exact.arrow');
  const byColumn = Object.fromEntries(columns.map((name, i) => [name, rows.map((row) => row[i])]));
  assert.deepEqual(byColumn, {
    decimal: ['#12345678901234567890.12', '#-0.05', null],
    wide: [`#${'1'.repeat(60)}`, '#-3', null],
    narrow: ['#1.5', '#-1.5', null],
    seconds: ['1970-01-01T00:00:01Z', '1969-12-31T23:59:59Z', null],
    micros: ['1970-01-01T00:00:00.000001Z', '1969-12-31T23:59:59.999999Z', null],
    nanos: ['2023-11-14T22:13:20.000000001Z', '1970-01-01T00:00:00.000000000Z', null],
    date: ['1970-01-01', '2022-01-08', '1969-12-31'],
    date64: ['2022-01-08', '1969-12-31', null],
    time: [1, 2 ** 40, null],
    duration: [`#${2n ** 60n}`, -1, null],
    unsigned: ['#18446744073709551615', 0, 1],
    signed: [`#${-(2n ** 63n)}`, `#${2n ** 53n + 1n}`, null],
    bytes: [Uint8Array.of(0xe9), 'é', null],
    fixed: ['ab', Uint8Array.of(0xff, 0xff), null],
    bom: ['\ufeffa', '😀', ''],
    half: [0.5, 65504, 2 ** -24],
    zero: ['#-0', 0, Number.NaN],
    nothing: [null, null, null],
    numbers: [`#${2n ** 60n}`, 5, `#${2n ** 60n}`],
  });
});

test('dictionaries that grow or are replaced, and batches as datasets saves them: as Apache Arrow reads them', async () => {
  for (const name of ['growing', 'replaced', 'delta', 'saved']) {
    const { columns, rows } = await read(`${name}.arrow`);
    const expected = await peer.read('arrow', readFileSync(file(`${name}.arrow`)));
    assert.ok('rows' in expected, JSON.stringify(expected));
    assert.deepEqual(columns, expected.columns);
    assert.deepEqual(
      rows.map((row) => row.map(String)),
      expected.rows.map((row) => row.map(([, text]) => text)),
    );
  }
  assert.equal((await read('saved.arrow')).rows.length, 2500);
});

test('nested values are refused by their column, if it is used', async () => {
  const { rows } = await read('nested.arrow', ['text', 'label']);
  assert.deepEqual(
    rows.map(([text, ...rest]) => [text, rest.at(-1)]),
    [
      ['a', 0],
      ['b', 1],
    ],
  );
  for (const [column, kind] of [
    ['list', 'lists'],
    ['struct', 'objects'],
    ['map', 'maps'],
    ['fixed', 'lists'],
    ['runs', 'run-end encoded values'],
    ['union', 'values of different types (a union)'],
  ] as const) {
    assert.equal(await refusal('nested.arrow', [column]), `column "${column}" holds ${kind}`);
  }
  assert.equal(await refusal('same.arrow'), 'column "a" appears twice');
});

test('a file that is not Arrow, or not all of one', async () => {
  writeFileSync(file('broken.arrow'), 'a,b\n1,2\n');
  assert.equal(await refusal('broken.arrow'), 'the file is not Arrow');
  writeFileSync(file('broken.arrow'), 'PAR1');
  assert.equal(await refusal('broken.arrow'), 'the file is Parquet');
  writeFileSync(file('broken.arrow'), '');
  assert.equal(await refusal('broken.arrow'), 'the file is empty');
  for (const [name, cuts] of [
    ['file-None.arrow', [1, 5, 11, 500, 5000]],
    ['stream-None.arrow', [1, 8, 500, 5000]],
  ] as const) {
    const whole = readFileSync(file(name));
    for (const cut of cuts) {
      writeFileSync(file('broken.arrow'), whole.subarray(0, whole.length - cut));
      assert.match(await refusal('broken.arrow'), /^row \d+: /, `${name} − ${cut}`);
    }
  }
  copyFileSync(file('stream-None.arrow'), file('twice.arrow'));
  appendFileSync(file('twice.arrow'), readFileSync(file('stream-None.arrow')));
  assert.match(await refusal('twice.arrow'), /^row 1: \d+ bytes after its end$/);
});

test('lengths of more values than there are bytes are refused, where the library would count to them', async () => {
  const whole = readFileSync(file('growing.arrow'));
  const places = Array.from({ length: Math.floor(whole.length / 8) }, (_, i) => 8 * i).filter(
    (at) => [1n, 2n, 3n, 4n].includes(whole.readBigInt64LE(at)),
  );
  let refused = 0;
  for (const at of places) {
    const damaged = Buffer.from(whole);
    damaged.writeBigInt64LE(2n ** 30n, at);
    writeFileSync(file('long.arrow'), damaged);
    await read('long.arrow').catch((error) => {
      assert.ok(error instanceof ConfigError, String(error));
      refused++;
    });
  }
  assert.ok(refused >= 6, `${refused} of ${places.length}`);
});
