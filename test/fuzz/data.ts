import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { ConfigError } from '../../src/config/diagnostic.ts';
import { CellReader } from '../../src/data/cells.ts';
import { openTable } from '../../src/data/openTable.ts';
import { type Row, type Table, TableFile, WrittenNumber } from '../../src/data/table.ts';
import { rowsOf } from '../unit/data/rows.ts';
import { type FuzzedFormat, type FuzzedTable, fuzzedTables } from './tables.ts';
import { type PeerAnswer, type PeerCell, TablesPeer } from './tablesPeer.ts';

interface Outcome {
  /** Files with the same rows as the peer's. */
  readonly read: number;
  /** Files refused with a message. */
  readonly refused: number;
  /** Of these, files that the peer read. */
  readonly peerRead: number;
  /** Damaged Parquet or Arrow that was read although the peer refuses it. It has the rows that it had before. */
  readonly peerRefused: number;
}

/**
 * Reads the first `count` mutated files of a format. Each is refused with a message, or has exactly the rows that the peer reads;
 * Parquet and Arrow that the peer refuses, for damage where no value is, may have the rows of the file before it was damaged.
 * @throws Error with the file that does not
 */
export async function fuzzData(
  format: FuzzedFormat,
  count: number,
  seed: number,
): Promise<Outcome> {
  const folder = mkdtempSync(path.join(tmpdir(), 'grain-fuzz-'));
  const peer = new TablesPeer();
  const outcome = { read: 0, refused: 0, peerRead: 0, peerRefused: 0 };
  const files = fuzzedTables(format, seed);
  try {
    for (let n = 1; n <= count; n++) {
      const { whole, damaged: bytes } = files.next().value as FuzzedTable;
      const [own, others] = await Promise.all([
        ownRows(path.join(folder, `table.${format}`), bytes),
        peer.read(format, bytes),
      ]);
      const isBinary = format === 'parquet' || format === 'arrow';
      const isLenient = isBinary && 'columns' in own && 'error' in others;
      try {
        compare(own, isLenient ? await peer.read(format, whole) : others);
      } catch (error) {
        const shown = `${bytes.toString('latin1').slice(0, 2000)}\nBase64: ${bytes.toString('base64')}`;
        throw new Error(`${format}, seed ${seed}, file ${n}:\n${shown}`, { cause: error });
      }
      if (isLenient) outcome.peerRefused++;
      else if ('columns' in own) outcome.read++;
      else outcome.refused++;
      if ('error' in own && 'columns' in others) outcome.peerRead++;
    }
    return outcome;
  } finally {
    peer.end();
    rmSync(folder, { recursive: true });
  }
}

function compare(own: PeerAnswer, others: PeerAnswer): void {
  if ('error' in own) return;
  if ('error' in others) throw new Error(`only we read it, the peer: ${others.error}`);
  assert.deepEqual(own.columns, others.columns);
  assert.deepEqual(
    own.rows,
    others.rows.map((row) => row.map(withoutBits)),
  );
}

/** The bits of a float64 as the number. */
function withoutBits([kind, text]: PeerCell): PeerCell {
  if (kind !== 'float') return [kind, text];
  const value = Buffer.from(text, 'hex').readDoubleBE();
  return ['number', Object.is(value, -0) ? '-0' : String(value)];
}

/** @throws what is no clear refusal */
async function ownRows(file: string, bytes: Buffer): Promise<PeerAnswer> {
  writeFileSync(file, bytes);
  try {
    const table = await openTable(new TableFile(file, () => {}));
    const reader = new CellReader(table, []);
    const rows: PeerCell[][] = [];
    for await (const row of rowsOf(table)) {
      // No use of a column accepts them.
      const undecoded = row.cells.findIndex((cell) => cell instanceof Uint8Array);
      if (undecoded >= 0) return { error: `bytes that are not UTF-8, in column ${undecoded + 1}` };
      rows.push(table.columns.map((_, i) => cellOf(row.cells[i])));
      for (const column of table.columns.keys()) checkUse(table, row, column, reader);
    }
    return { columns: table.columns, rows };
  } catch (error) {
    checkRefusal(error, file.endsWith('.gz') ? Number.POSITIVE_INFINITY : bytes.length);
    return { error: (error as Error).message };
  }
}

/** A cell is what its column is used for, as it is written, or refused at its place. */
function checkUse(table: Table, row: Row, column: number, reader: CellReader): void {
  const cell = row.cells[column];
  for (const kind of ['label', 'text', 'number'] as const) {
    try {
      const used =
        kind === 'number' ? reader.number(row, column, { remedy: 'x' }) : reader[kind](row, column);
      const written = cell instanceof WrittenNumber ? cell.text : String(cell);
      if (kind === 'number') assert.ok(Number.isFinite(used));
      else assert.equal(used, written);
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      assert.equal(error.diagnostics[0]!.file, table.file);
    }
  }
}

/** @param length of the text, which has no more lines */
function checkRefusal(error: unknown, length: number): void {
  if (!(error instanceof ConfigError)) throw error;
  const { line, column, message, expected } = error.diagnostics[0]!;
  assert.ok(message && expected, error.message);
  assert.ok(error.message.length < 2000, 'a message as long as a page');
  assert.ok(line >= 1 && column >= 1 && line <= length + 1, error.message);
}

function cellOf(cell: unknown): PeerCell {
  if (cell instanceof WrittenNumber) return ['number', cell.text];
  if (typeof cell === 'string') return ['text', cell];
  if (typeof cell === 'number') return ['number', String(cell)];
  if (cell === null || typeof cell === 'boolean') return ['value', JSON.stringify(cell)];
  return ['nested', ''];
}
