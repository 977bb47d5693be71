import {
  type AsyncBuffer,
  asyncBufferFromFile,
  type FileMetaData,
  type ParquetReadOptions,
  parquetMetadataAsync,
  parquetRead,
  parquetSchema,
} from 'hyparquet';
import { compressors } from 'hyparquet-compressors';

import { reasonOf } from '../config/errors.ts';
import { foreignByContent, isGzip, isParquet, readHead } from '../config/fileKinds.ts';
import { checkMetadata } from './parquetMetadata.ts';
import { checkPages } from './parquetPages.ts';
import { decimalFields, exactCell, exactParsers } from './parquetValues.ts';
import {
  DataError,
  FIRST_POSITION,
  type Row,
  type Table,
  type TableFile,
  type UsedColumns,
} from './table.ts';

/**
 * Streams a Parquet file, with one row group in memory at a time.
 * @throws DataError if it is not a Parquet file and, while iterating, for row groups that cannot be decoded
 */
export async function readParquet(file: TableFile): Promise<Table> {
  checkIsParquet(file.path);
  const buffer = await asyncBufferFromFile(file.path);
  const metadata = await decode(file, 1, async () => {
    const read = await parquetMetadataAsync(buffer);
    checkMetadata(buffer, read);
    return read;
  });
  const columns = parquetSchema(metadata).children.map(({ element }) => element.name);
  const repeated = columns.find((name, i) => columns.indexOf(name) !== i);
  if (repeated !== undefined) {
    throw new DataError(file.path, FIRST_POSITION, `column "${repeated}" appears twice`, {
      expected: 'a different name for each column',
    });
  }
  return {
    file: file.path,
    columns,
    rows: (used) => rowsOf(file, buffer, metadata, columns, used),
  };
}

function checkIsParquet(path: string): void {
  const head = readHead(path);
  if (isParquet(head)) return;
  const foreign = foreignByContent(path, head);
  const found =
    head.length === 0
      ? 'empty'
      : (foreign?.name ?? (isGzip(head) ? 'compressed by gzip' : 'not Parquet'));
  throw new DataError(path, FIRST_POSITION, `the file is ${found}`, {
    expected: `a Parquet file. ${foreign?.advice ?? (isGzip(head) ? 'Decompress it: Parquet compresses by itself' : 'Download or write it again, or set data.format')}`,
  });
}

async function* rowsOf(
  file: TableFile,
  buffer: AsyncBuffer,
  metadata: FileMetaData,
  columns: readonly string[],
  used: UsedColumns,
): AsyncGenerator<Row> {
  const total = Number(metadata.num_rows);
  const progress = new ProgressReader(file);
  const names = columns.filter((_, index) => used.columns.has(index));
  const scales = decimalFields(metadata);
  const flat = new Set(
    parquetSchema(metadata)
      .children.filter(({ children }) => children.length === 0)
      .map(({ element }) => element.name),
  );
  const cellIn = (record: Record<string, unknown>, name: string, row: number) => {
    const value = record[name];
    // A missing value is null. Undefined is one that the dictionary or the page lacks.
    if (value === undefined && flat.has(name)) throw damaged(file, row, `no value in "${name}"`);
    return exactCell(value, scales.get(name));
  };
  try {
    let rowStart = 0;
    for (const group of metadata.row_groups) {
      const rowEnd = rowStart + Number(group.num_rows);
      const records = await decode(file, rowStart + 1, async () => {
        await checkPages(buffer, group, names);
        return recordsOf({ file: buffer, metadata, rowStart, rowEnd, columns: names });
      });
      for (const [i, record] of records.entries()) {
        const position = { line: 1, column: 1, row: rowStart + i + 1 };
        const cells = columns.map((name, index) =>
          used.columns.has(index) ? cellIn(record, name, position.row) : undefined,
        );
        yield { cells, position: () => position };
      }
      rowStart = rowEnd;
      await progress.readTo((buffer.byteLength * rowEnd) / total);
    }
    await progress.readTo(Number.POSITIVE_INFINITY);
  } finally {
    await progress.close();
  }
}

/** @throws Error unless every column has a value for each row */
async function recordsOf(
  options: Pick<ParquetReadOptions, 'file' | 'metadata' | 'columns'> & {
    readonly rowStart: number;
    readonly rowEnd: number;
  },
): Promise<readonly Record<string, unknown>[]> {
  const lengths = new Map<string, number>();
  let records: readonly Record<string, unknown>[] = [];
  await parquetRead({
    ...options,
    // Bytes become text only if they are UTF-8.
    ...{ compressors, utf8: false, parsers: exactParsers },
    rowFormat: 'object',
    onChunk: ({ columnName, columnData }) => {
      lengths.set(columnName, (lengths.get(columnName) ?? 0) + columnData.length);
    },
    onComplete: (rows) => {
      records = rows;
    },
  });
  const rows = options.rowEnd - options.rowStart;
  for (const [name, length] of [['the rows', records.length] as const, ...lengths]) {
    if (length !== rows) throw new Error(`${length} values in ${name}, expected ${rows}`);
  }
  return records;
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
async function decode<T>(file: TableFile, row: number, decoding: () => Promise<T>): Promise<T> {
  try {
    return await decoding();
  } catch (error) {
    throw damaged(file, row, reasonOf(error));
  }
}

function damaged({ path }: TableFile, row: number, message: string): DataError {
  return new DataError(path, { ...FIRST_POSITION, row }, message, {
    expected: 'a complete Parquet file. Download or write it again, or set data.format',
  });
}
