import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import { brotliCompressSync, gzipSync, zstdCompressSync } from 'node:zlib';
import fc from 'fast-check';
import { type ColumnSource, type ParquetWriteOptions, parquetWriteBuffer } from 'hyparquet-writer';
import { ConfigError } from '../../../src/config/diagnostic.ts';
import { openTable } from '../../../src/data/openTable.ts';
import { TableFile, WrittenNumber } from '../../../src/data/table.ts';
import { python } from '../../python/python.ts';
import { rowsOfColumns } from './columns.ts';
import { rowsOf } from './rows.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'grain-parquet-'));
after(() => rmSync(folder, { recursive: true }));

type Options = Omit<ParquetWriteOptions, 'writer' | 'columnData'>;

function write(name: string, columnData: ColumnSource[], options: Options = {}): string {
  const file = path.join(folder, name);
  writeFileSync(file, Buffer.from(parquetWriteBuffer({ columnData, ...options })));
  return file;
}

async function read(file: string, onBytes: (bytes: number) => void = () => {}) {
  const tableFile = new TableFile(file, onBytes);
  const table = await openTable(tableFile);
  const rows: unknown[][] = [];
  for await (const { cells } of rowsOf(table)) rows.push([...cells]);
  return { columns: table.columns, rows, fingerprint: tableFile.fingerprint() };
}

async function errorOf(file: string): Promise<string> {
  try {
    await read(file);
  } catch (error) {
    assert.ok(error instanceof ConfigError, String(error));
    assert.ok(error.diagnostics.every(({ expected }) => expected));
    return error.diagnostics[0]!.message;
  }
  assert.fail('expected an error');
}

test('strings, integers and floats of all widths, booleans; missing values are null', async () => {
  const file = write('kinds.parquet', [
    { name: 'text', data: ['a', 'é\n"', ''], type: 'STRING' },
    { name: 'int32', data: [1, -2, 3], type: 'INT32' },
    { name: 'int64', data: [1n, -(2n ** 40n), 2n ** 60n], type: 'INT64' },
    { name: 'float', data: [0.5, -1.25, 3], type: 'FLOAT' },
    { name: 'double', data: [0.1, 1e300, -0.3], type: 'DOUBLE' },
    { name: 'bool', data: [true, false, true], type: 'BOOLEAN' },
    { name: 'gap', data: ['x', null, 'z'], type: 'STRING' },
  ]);
  const { columns, rows } = await read(file);
  assert.deepEqual(columns, ['text', 'int32', 'int64', 'float', 'double', 'bool', 'gap']);
  assert.deepEqual(rows, [
    ['a', 1, 1, 0.5, 0.1, true, 'x'],
    ['é\n"', -2, -(2 ** 40), -1.25, 1e300, false, null],
    ['', 3, new WrittenNumber(String(2n ** 60n)), 3, -0.3, true, 'z'],
  ]);
});

for (const [codec, compress] of [
  ['UNCOMPRESSED', undefined],
  ['SNAPPY', undefined],
  ['GZIP', gzipSync],
  ['ZSTD', zstdCompressSync],
  ['BROTLI', brotliCompressSync],
] as const) {
  test(`compressed by ${codec}`, async () => {
    const data = Array.from({ length: 300 }, (_, i) => `example ${i % 7}`);
    const compressors = compress && {
      [codec]: (bytes: Uint8Array) => new Uint8Array(compress(bytes)),
    };
    const file = write(`${codec}.parquet`, [{ name: 'x', data }], {
      codec,
      ...(compressors && { compressors }),
    });
    assert.deepEqual((await read(file)).rows.flat(), data);
  });
}

test('any texts and numbers, in row groups of any size', async () => {
  const rows = fc.array(fc.tuple(fc.string({ unit: 'binary' }), fc.integer()), { minLength: 1 });
  await fc.assert(
    fc.asyncProperty(rows, fc.integer({ min: 1, max: 5 }), async (rowsWritten, rowGroupSize) => {
      const columns: ColumnSource[] = [
        { name: 'a', data: rowsWritten.map(([text]) => text), type: 'STRING' },
        { name: 'b', data: rowsWritten.map(([, value]) => value), type: 'DOUBLE' },
      ];
      const file = write('any.parquet', columns, { rowGroupSize });
      assert.deepEqual((await read(file)).rows, rowsWritten);
    }),
    { numRuns: 30 },
  );
});

test('progress follows the row groups and adds up to the size; the fingerprint is of the file', async () => {
  // 400 kB, streamed in chunks of 64 kB.
  const data = Array.from({ length: 50_000 }, (_, i) => Math.sin(i));
  const file = write('long.parquet', [{ name: 'x', data, type: 'DOUBLE' }], { rowGroupSize: 5000 });
  const content = readFileSync(file);
  let bytes = 0;
  const seen = new Set<number>();
  const tableFile = new TableFile(file, (more) => {
    bytes += more;
  });
  for await (const _ of rowsOf(await openTable(tableFile))) seen.add(bytes);
  assert.ok(seen.size >= 5 && seen.has(0), `progress was reported at ${[...seen]}`);
  assert.equal(bytes, content.length);
  assert.equal(tableFile.fingerprint(), createHash('sha256').update(content).digest('hex'));
});

test('what JavaScript has no exact type for is text; bytes are text only if they are UTF-8', async () => {
  await python('parquet_peer.py', [folder]);
  const { rows } = await read(path.join(folder, 'exact.parquet'));
  const columns = rows[0]!.map((_, i) =>
    rows.map((row) => (row[i] instanceof WrittenNumber ? `#${row[i].text}` : row[i])),
  );
  assert.deepEqual(columns, [
    ['#12345678901234567890.12', '#-0.05', null],
    ['#1.5', '#-1.5', '#0.0'],
    ['1970-01-01T00:00:00.000001Z', '1969-12-31T23:59:59.999999Z', null],
    ['2023-11-14T22:13:20.000000001Z', '1970-01-01T00:00:00.000000000Z', null],
    ['1970-01-01', '2022-01-08', '1969-12-31'],
    ['#18446744073709551615', 0, 1],
    [Buffer.from([0xe9]), 'é', null].map((it) => (it instanceof Buffer ? Uint8Array.from(it) : it)),
    [{ n: 1n }, { n: 2n ** 60n }, null],
    [[1n, 2n], [], null],
    ['#-0', 0, Number.NaN],
  ]);
  assert.equal(await errorOf(path.join(folder, 'same.parquet')), 'column "a" appears twice');
});

test('files that Apache Arrow writes: every codec, both page versions, dictionaries, nulls', async () => {
  await python('parquet_peer.py', [folder]);
  for (const codec of ['none', 'snappy', 'gzip', 'zstd', 'brotli', 'lz4']) {
    for (const version of ['1.0', '2.0']) {
      const { rows } = await read(path.join(folder, `${codec}-${version}.parquet`));
      assert.deepEqual(rows, rowsOfColumns, `${codec} ${version}`);
    }
  }
});

test('a file that is not Parquet, or not all of one', async () => {
  const file = path.join(folder, 'broken.parquet');
  writeFileSync(file, 'a,b\n1,2\n');
  assert.match(await errorOf(file), /^the file is not Parquet/);
  writeFileSync(file, '');
  assert.match(await errorOf(file), /^the file is empty/);
  const whole = readFileSync(
    write('whole.parquet', [{ name: 'x', data: ['a', 'b', 'c'] }], { codec: 'UNCOMPRESSED' }),
  );
  writeFileSync(file, whole.subarray(0, whole.length - 10));
  assert.match(await errorOf(file), /^row 1: /);
});

test('a row group that cannot be decoded: the error names its first row', async () => {
  const data = Array.from({ length: 40 }, (_, i) => `text ${i}`);
  const file = write('damaged.parquet', [{ name: 'x', data }], {
    rowGroupSize: 10,
    compressors: { GZIP: (bytes: Uint8Array) => new Uint8Array(gzipSync(bytes)) },
    codec: 'GZIP',
  });
  const content = readFileSync(file);
  // The beginnings of the groups' compressed pages.
  const pages: number[] = [];
  for (let at = content.indexOf('\x1f\x8b', 0, 'latin1'); at >= 0; ) {
    pages.push(at);
    at = content.indexOf('\x1f\x8b', at + 1, 'latin1');
  }
  assert.equal(pages.length, 4);
  content.fill(0xff, pages[2], pages[2]! + 20);
  writeFileSync(file, content);
  assert.match(await errorOf(file), /^row 21: /);
});
