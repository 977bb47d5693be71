/** Mutated files of tables, of every format that is read. */
import { execFileSync } from 'node:child_process';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { type ColumnSource, parquetWriteBuffer } from 'hyparquet-writer';
import { interpreter } from '../python/python.ts';
import { random } from '../unit/engine/random.ts';
import { anyText, Lots, mutated } from './bytes.ts';

export const fuzzedFormats = ['csv', 'tsv', 'jsonl', 'json', 'csv.gz', 'parquet', 'arrow'] as const;

export type FuzzedFormat = (typeof fuzzedFormats)[number];

/** A file before and after it was damaged. */
export interface FuzzedTable {
  readonly whole: Buffer;
  readonly damaged: Buffer;
}

/** The same seed, the same files. */
export function* fuzzedTables(format: FuzzedFormat, seed: number): Generator<FuzzedTable> {
  const lots = new Lots(random(seed));
  for (;;) {
    const whole = written[format](lots);
    yield { whole, damaged: mutated(whole, lots) };
  }
}

const written: Readonly<Record<FuzzedFormat, (lots: Lots) => Buffer>> = {
  csv: (lots) => encoded(csv(lots), lots),
  tsv: (lots) => encoded(tsv(lots), lots),
  jsonl: (lots) => encoded(objects(lots).join(lineEnd(lots)), lots),
  json: (lots) => encoded(`[${objects(lots).join(lots.of([',', ',\n ', ' , ']))}]`, lots),
  'csv.gz': (lots) => {
    const text = encoded(csv(lots), lots);
    const at = lots.upTo(text.length + 1);
    if (lots.chance(0.7)) return gzipSync(text);
    return Buffer.concat([gzipSync(text.subarray(0, at)), gzipSync(text.subarray(at))]);
  },
  parquet,
  arrow: (lots) => lots.of(arrowFiles()),
};

let files: readonly Buffer[] | undefined;

/** Files of both formats, plain and compressed, that Apache Arrow has written. */
function arrowFiles(): readonly Buffer[] {
  files ??= JSON.parse(
    execFileSync(interpreter(), [path.resolve(import.meta.dirname, '../python/arrow_files.py')], {
      encoding: 'utf8',
      maxBuffer: 2 ** 28,
    }),
  ).map((base64: string) => Buffer.from(base64, 'base64'));
  return files!;
}

function encoded(text: string, lots: Lots): Buffer {
  if (lots.chance(0.9)) return Buffer.from(text);
  if (lots.chance(0.4)) return Buffer.from(`\ufeff${text}`);
  const units = Buffer.from(`\ufeff${text}`, 'utf16le');
  return lots.chance(0.5) ? units : units.swap16();
}

const lineEnd = (lots: Lots) => lots.of(['\n', '\n', '\r\n', '\r', '\n\n']);

function rows(lots: Lots): string[][] {
  const width = 1 + lots.upTo(3);
  const names = ['a', 'b', 'c'].slice(0, width);
  return [names, ...Array.from({ length: 1 + lots.upTo(4) }, () => names.map(() => anyText(lots)))];
}

function csv(lots: Lots): string {
  const quoted = (cell: string) =>
    /["\n\r,]/.test(cell) || lots.chance(0.2) ? `"${cell.replaceAll('"', '""')}"` : cell;
  return rows(lots)
    .map((row) => row.map(quoted).join(',') + lineEnd(lots))
    .join('');
}

function tsv(lots: Lots): string {
  const plain = (cell: string) => cell.replaceAll(/[\t\n\r]/g, ' ');
  return rows(lots)
    .map((row) => row.map(plain).join('\t') + lineEnd(lots))
    .join('');
}

function objects(lots: Lots): string[] {
  const [names, ...values] = rows(lots);
  return values.map((row) => {
    const entries = row.map((text, i) => `${JSON.stringify(names![i])}:${value(text, lots)}`);
    return `{${entries.join(lots.of([',', ', ']))}}`;
  });
}

function value(text: string, lots: Lots): string {
  if (lots.chance(0.6)) return JSON.stringify(text);
  const numbers = ['0', '-0', '1.0', '1e5', '9007199254740993', '0.1', 'NaN', '-Infinity', '1E-7'];
  return lots.of([...numbers, 'true', 'null', '[1, "]"]', '{"a": {"b": "}"}}']);
}

function parquet(lots: Lots): Buffer {
  const count = 1 + lots.upTo(20);
  const column = (name: string): ColumnSource => {
    const list = <T>(make: () => T) => Array.from({ length: count }, make);
    switch (lots.upTo(5)) {
      case 0:
        return { name, type: 'INT64', data: list(() => BigInt(lots.upTo(2 ** 30)) ** 2n) };
      case 1:
        return { name, type: 'DOUBLE', data: list(() => lots.of([0, -0, 0.1, Number.NaN, 1e300])) };
      case 2:
        return { name, type: 'BOOLEAN', data: list(() => lots.chance(0.5)) };
      case 3:
        return { name, type: 'INT32', data: list(() => lots.upTo(2 ** 31)) };
      default: {
        // Missing texts, and few different ones, which are written as a dictionary.
        const few = list(() => anyText(lots)).slice(0, 3);
        const text = () => (lots.chance(0.1) ? null : lots.of(few));
        return { name, type: 'STRING', data: list(text) };
      }
    }
  };
  const columnData = ['a', 'b', 'c'].slice(0, 1 + lots.upTo(3)).map(column);
  const codec = lots.of(['UNCOMPRESSED', 'SNAPPY'] as const);
  const rowGroupSize = lots.of([5, 100]);
  return Buffer.from(parquetWriteBuffer({ columnData, codec, rowGroupSize }));
}
