import {
  type AsyncBuffer,
  asyncBufferFromFile,
  type FileMetaData,
  parquetMetadataAsync,
  parquetReadObjects,
  parquetSchema,
} from 'hyparquet';
import { compressors } from 'hyparquet-compressors';
import { reasonOf } from '../config/errors.ts';
import { DataError, type Row, type Table, type TableFile } from './table.ts';

/**
 * Streams a Parquet file, with one row group in memory at a time.
 * @throws DataError if it is not a Parquet file and, while iterating, for row groups that cannot be decoded
 */
export async function readParquet(file: TableFile): Promise<Table> {
  const buffer = await asyncBufferFromFile(file.path);
  const metadata = await decode(file, 1, parquetMetadataAsync(buffer));
  const columns = parquetSchema(metadata).children.map(({ element }) => element.name);
  return { file: file.path, columns, rows: rowsOf(file, buffer, metadata, columns) };
}

async function* rowsOf(
  file: TableFile,
  buffer: AsyncBuffer,
  metadata: FileMetaData,
  columns: readonly string[],
): AsyncGenerator<Row> {
  const total = Number(metadata.num_rows);
  const progress = new ProgressReader(file);
  try {
    let rowStart = 0;
    for (const { num_rows } of metadata.row_groups) {
      const rowEnd = rowStart + Number(num_rows);
      const options = { file: buffer, metadata, compressors, rowStart, rowEnd };
      const records = await decode(file, rowStart + 1, parquetReadObjects(options));
      for (const [i, record] of records.entries()) {
        const position = { line: 1, column: 1, row: rowStart + i + 1 };
        yield { cells: columns.map((name) => plain(record[name])), position: () => position };
      }
      rowStart = rowEnd;
      await progress.readTo((buffer.byteLength * rowEnd) / total);
    }
    await progress.readTo(Number.POSITIVE_INFINITY);
  } finally {
    await progress.close();
  }
}

/**
 * Reads the file a second time, in order, in step with its rows, so that its bytes are counted and hashed: rows themselves are
 * read by their ranges.
 */
class ProgressReader {
  readonly #chunks: AsyncGenerator<Buffer>;
  #bytes = 0;

  constructor(file: TableFile) {
    this.#chunks = file.chunks();
  }

  async readTo(bytes: number): Promise<void> {
    while (this.#bytes < bytes) {
      const chunk = await this.#chunks.next();
      if (chunk.done) return;
      this.#bytes += chunk.value.length;
    }
  }

  async close(): Promise<void> {
    await this.#chunks.return(undefined);
  }
}

/** @param row the first of those that are decoded, named in errors */
async function decode<T>({ path }: TableFile, row: number, decoding: Promise<T>): Promise<T> {
  try {
    return await decoding;
  } catch (error) {
    const message = reasonOf(error);
    throw new DataError(path, { line: 1, column: 1, row }, message, {
      expected: 'a complete Parquet file. Download or write it again, or set data.format',
    });
  }
}

/** Replaces bigint, which 64-bit integers are read as, by number or, beyond 2⁵³, by string. */
function plain(value: unknown): unknown {
  if (typeof value === 'bigint') {
    return Number.isSafeInteger(Number(value)) ? Number(value) : String(value);
  }
  return Array.isArray(value) ? value.map(plain) : value;
}
