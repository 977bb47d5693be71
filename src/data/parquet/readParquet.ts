import {
  type AsyncBuffer,
  asyncBufferFromFile,
  type FileMetaData,
  type ParquetReadOptions,
  parquetMetadataAsync,
  parquetRead,
  parquetSchema,
} from 'hyparquet';
import { checkFormat, checkNames, damaged, decode, ProgressReader } from '../binaryFile.ts';
import type { Row, Table, TableFile, UsedColumns } from '../table.ts';
import { strictCompressors } from './compression.ts';
import { checkFooter, checkMetadata } from './metadata.ts';
import { checkPages } from './pages.ts';
import { decimalFields, exactParsers, parquetCell } from './values.ts';

/**
 * Streams a Parquet file, with one row group in memory at a time.
 * @throws DataError if it is not a Parquet file and, while iterating, for row groups that cannot be decoded
 */
export async function readParquet(file: TableFile): Promise<Table> {
  checkFormat(file.path, 'Parquet');
  const buffer = await asyncBufferFromFile(file.path);
  const metadata = await decode(file, 'Parquet', 1, async () => {
    await checkFooter(buffer);
    const read = await parquetMetadataAsync(buffer);
    checkMetadata(buffer, read);
    return read;
  });
  const columns = parquetSchema(metadata).children.map(({ element }) => element.name);
  checkNames(file, columns);
  return {
    file: file.path,
    columns,
    rows: (used) => rowsOf(file, buffer, metadata, columns, used),
  };
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
    if (value === undefined && flat.has(name))
      throw damaged(file, 'Parquet', row, `no value in "${name}"`);
    return parquetCell(value, scales.get(name));
  };
  try {
    let rowStart = 0;
    for (const group of metadata.row_groups) {
      const rowEnd = rowStart + Number(group.num_rows);
      const records = await decode(file, 'Parquet', rowStart + 1, async () => {
        await checkPages(buffer, metadata, group, names);
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
    ...{ compressors: strictCompressors, utf8: false, parsers: exactParsers },
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
