import {
  type AsyncBuffer,
  asyncBufferFromFile,
  type FileMetaData,
  parquetMetadataAsync,
  parquetReadObjects,
  parquetSchema,
} from 'hyparquet';
import { compressors } from 'hyparquet-compressors';
import { DataProblem } from './problem.ts';
import type { Source } from './source.ts';
import type { Row, Table } from './table.ts';

/**
 * Streams a Parquet file, a row group in memory at a time.
 * @throws DataProblem for what is no Parquet file and, while iterating, row groups that cannot be decoded
 */
export async function readParquet(source: Source): Promise<Table> {
  const file = await asyncBufferFromFile(source.file);
  const metadata = await decoded(source, 1, parquetMetadataAsync(file));
  const columns = parquetSchema(metadata).children.map(({ element }) => element.name);
  return { file: source.file, columns, rows: rowsOf(source, file, metadata, columns) };
}

async function* rowsOf(
  source: Source,
  file: AsyncBuffer,
  metadata: FileMetaData,
  columns: readonly string[],
): AsyncGenerator<Row> {
  const total = Number(metadata.num_rows);
  const passing = new Passing(source);
  try {
    let rowStart = 0;
    for (const { num_rows } of metadata.row_groups) {
      const rowEnd = rowStart + Number(num_rows);
      const options = { file, metadata, compressors, rowStart, rowEnd };
      const records = await decoded(source, rowStart + 1, parquetReadObjects(options));
      for (const [i, record] of records.entries()) {
        const place = { line: 1, column: 1, row: rowStart + i + 1 };
        yield { cells: columns.map((name) => plain(record[name])), place: () => place };
      }
      rowStart = rowEnd;
      await passing.until((file.byteLength * rowEnd) / total);
    }
    await passing.until(Number.POSITIVE_INFINITY);
  } finally {
    await passing.close();
  }
}

/** Lets the file's bytes pass, to be counted and hashed, as far as its rows have been read: a footer comes last in Parquet. */
class Passing {
  readonly #chunks: AsyncGenerator<Buffer>;
  #passed = 0;

  constructor(source: Source) {
    this.#chunks = source.chunks();
  }

  async until(bytes: number): Promise<void> {
    while (this.#passed < bytes) {
      const chunk = await this.#chunks.next();
      if (chunk.done) return;
      this.#passed += chunk.value.length;
    }
  }

  async close(): Promise<void> {
    await this.#chunks.return(undefined);
  }
}

async function decoded<T>({ file }: Source, row: number, reading: Promise<T>): Promise<T> {
  try {
    return await reading;
  } catch (error) {
    const { message } = error as Error;
    throw new DataProblem(file, { line: 1, column: 1, row }, message, {
      expected: 'a whole Parquet file: fetch or write it again, or say data.format',
    });
  }
}

/** Integers of 64 bits come as bigint; as labels and features they are numbers like others. */
function plain(value: unknown): unknown {
  if (typeof value === 'bigint') {
    return Number.isSafeInteger(Number(value)) ? Number(value) : String(value);
  }
  return Array.isArray(value) ? value.map(plain) : value;
}
