import { open } from 'node:fs/promises';
import { tableFromIPC } from '@uwdata/flechette';
import { reasonOf } from '../../config/errors.ts';
import { checkFormat, checkNames, damaged, decode, ProgressReader } from '../binaryFile.ts';
import {
  DataError,
  FIRST_POSITION,
  type Row,
  type Table,
  type TableFile,
  type UsedColumns,
} from '../table.ts';
import { cellsOf } from './cells.ts';
import { registerCodecs } from './compression.ts';
import { type Message, type Opened, openMessages } from './messages.ts';
import { unusable } from './schema.ts';

/** Record batches are decoded together up to so many bytes: those of Hugging Face have 1000 rows. */
const CHUNK_BYTES = 2 ** 25;

/**
 * Streams an Arrow file in the file format (Feather version 2) or the stream format, as Hugging Face's datasets saves it.
 * @throws DataError if it is neither and, while iterating, for batches that cannot be decoded
 */
export async function readArrow(file: TableFile): Promise<Table> {
  checkFormat(file.path, 'Arrow');
  registerCodecs();
  const columns = await withMessages(file, ({ fields }) => fields.map(({ name }) => name));
  checkNames(file, columns);
  return { file: file.path, columns, rows: (used) => rowsOf(file, used) };
}

async function withMessages<T>(file: TableFile, use: (opened: Opened) => T): Promise<T> {
  const handle = await open(file.path);
  try {
    return await decode(file, 'Arrow', 1, async () => use(await openMessages(handle)));
  } finally {
    await handle.close();
  }
}

async function* rowsOf(file: TableFile, used: UsedColumns): AsyncGenerator<Row> {
  const handle = await open(file.path);
  const progress = new ProgressReader(file);
  try {
    const opened = await decode(file, 'Arrow', 1, () => openMessages(handle));
    checkTypes(file, opened, used);
    const chunks = chunksOf(opened);
    let row = 0;
    for (;;) {
      const next = await decode(file, 'Arrow', row + 1, () => chunks.next());
      if (next.done) break;
      const { records, end } = next.value;
      const columns = await decode(file, 'Arrow', row + 1, () =>
        columnsOf(opened, next.value, used),
      );
      for (const [batch, { length }] of records.entries()) {
        for (let i = 0; i < length; i++) {
          const position = { ...FIRST_POSITION, row: ++row };
          const cells = cellsAt(file, row, () => columns.map((column) => column?.[batch]?.(i)));
          yield { cells, position: () => position };
        }
      }
      await progress.readTo(end);
    }
    await progress.readTo(Number.POSITIVE_INFINITY);
  } finally {
    await progress.close();
    await handle.close();
  }
}

/** @throws DataError for a column that is used and whose values are nested */
function checkTypes(file: TableFile, { fields }: Opened, used: UsedColumns): void {
  for (const [index, field] of fields.entries()) {
    const kind = used.columns.has(index) ? unusable(field) : null;
    if (kind === null) continue;
    throw new DataError(file.path, FIRST_POSITION, `column "${field.name}" holds ${kind}`, {
      expected: 'texts, numbers or booleans. Use other columns, or write one with such values',
    });
  }
}

/** Record batches, and the dictionaries that they refer to. */
interface Chunk {
  readonly dictionaries: readonly Uint8Array[];
  readonly records: readonly Message[];
  /** Where the last one ends in the file. */
  readonly end: number;
}

async function* chunksOf({ messages }: Opened): AsyncGenerator<Chunk> {
  const dictionaries = new Map<number, Uint8Array[]>();
  let records: Message[] = [];
  const taken = (): Chunk => {
    const chunk = {
      dictionaries: [...dictionaries.values()].flat(),
      records,
      end: records.at(-1)!.end,
    };
    records = [];
    return chunk;
  };
  for await (const message of messages()) {
    if (message.dictionary) {
      // Batches before it refer to what the dictionary was.
      if (records.length > 0) yield taken();
      const { id, isDelta } = message.dictionary;
      const before = isDelta ? (dictionaries.get(id) ?? []) : [];
      dictionaries.set(id, [...before, message.bytes]);
    } else {
      records.push(message);
      const bytes = records.reduce((sum, record) => sum + record.bytes.length, 0);
      if (bytes >= CHUNK_BYTES) yield taken();
    }
  }
  if (records.length > 0) yield taken();
}

/** Cells of the columns that are used, by record batch. */
function columnsOf({ schema }: Opened, { dictionaries, records }: Chunk, used: UsedColumns) {
  const messages = [schema, ...dictionaries, ...records.map(({ bytes }) => bytes)];
  const options = { useBigInt: true, useBigIntTimestamp: true, useDecimalInt: true };
  return tableFromIPC(messages, options).children.map((column, index) => {
    for (const [b, { length }] of records.entries()) {
      const found = column.data[b]!.length;
      if (found !== length) throw new Error(`${found} values in a batch of ${length} rows`);
    }
    return used.columns.has(index) ? cellsOf(column) : null;
  });
}

function cellsAt(file: TableFile, row: number, read: () => unknown[]): unknown[] {
  try {
    return read();
  } catch (error) {
    throw damaged(file, 'Arrow', row, reasonOf(error));
  }
}
