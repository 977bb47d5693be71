import { pipeline } from 'node:stream';
import { CsvError, type Info, parse } from 'csv-parse';
import { DataError, type FilePosition, type Row, type Table, type TableFile } from './table.ts';

export interface CsvOptions {
  readonly delimiter: string;
  /** null where quotes have no meaning. */
  readonly quote: string | null;
  /** Names of the columns; without them the first line is the header. */
  readonly columns?: readonly string[] | undefined;
  /** Whether rows may have more cells than there are columns. */
  readonly ignoreExtraCells: boolean;
}

interface CsvRecord {
  readonly record: readonly string[];
  readonly raw: string;
  readonly info: Info;
}

/**
 * Streams a CSV or TSV file.
 * @throws DataError for an empty file, broken quoting, repeated column names and, while iterating, rows of another length
 */
export async function readCsv(file: TableFile, options: CsvOptions): Promise<Table> {
  const records = recordsOf(file, options);
  const columns = options.columns ?? (await readHeader(file, options, records));
  return { file: file.path, columns, rows: rowsOf(file, options, columns, records) };
}

async function readHeader(
  file: TableFile,
  options: CsvOptions,
  records: AsyncGenerator<CsvRecord>,
): Promise<readonly string[]> {
  const header = await records.next();
  if (header.done) {
    throw new DataError(file.path, { line: 1, column: 1 }, 'the file is empty', {
      expected: 'a first line with the names of the columns',
    });
  }
  const columns = header.value.record.map((name) => name.trim());
  const repeated = columns.findIndex((name, i) => columns.indexOf(name) !== i);
  if (repeated >= 0) {
    const position = positionOf(header.value, repeated, options);
    throw new DataError(file.path, position, `column "${columns[repeated]}" appears twice`, {
      expected: 'a different name for each column',
    });
  }
  return columns;
}

async function* rowsOf(
  file: TableFile,
  options: CsvOptions,
  columns: readonly string[],
  records: AsyncIterable<CsvRecord>,
): AsyncGenerator<Row> {
  const names = options.columns ? 'name in data.columns' : 'column of the first line';
  for await (const row of records) {
    const fields = row.record.length;
    const isTooLong = fields > columns.length;
    if (fields < columns.length || (isTooLong && !options.ignoreExtraCells)) {
      const position = positionOf(row, Math.min(fields - 1, columns.length), options);
      throw new DataError(file.path, position, `the row has ${fields} fields`, {
        expected: `${columns.length}, one per ${names}${isTooLong ? ', or data.extraCells: ignore' : ''}`,
      });
    }
    yield { cells: row.record, position: (column) => positionOf(row, column, options) };
  }
}

async function* recordsOf(
  file: TableFile,
  { delimiter, quote }: CsvOptions,
): AsyncGenerator<CsvRecord> {
  const parser = parse({
    delimiter,
    quote,
    bom: true,
    info: true,
    raw: true,
    // By default the parser assumes the first line's ending for all lines; edited files may mix them.
    record_delimiter: ['\r\n', '\n', '\r'],
    relax_column_count: true,
    skip_empty_lines: true,
  });
  // An error of either stream destroys both and is thrown by the iteration below.
  pipeline(file.chunks(), parser, () => {});
  const records: AsyncIterable<CsvRecord> = parser;
  try {
    yield* records;
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    const line = Number(error.lines);
    throw new DataError(file.path, { line, column: 1 }, error.message, {
      expected: 'fields in "double quotes", with "" for a quote inside',
    });
  }
}

/** Where a field starts: scans the raw text of its record up to the delimiter before the field. */
function positionOf(
  { raw, info }: CsvRecord,
  field: number,
  { delimiter, quote }: CsvOptions,
): FilePosition {
  const text = raw.replace(/^[\r\n]+/, '').replace(/\r?\n?$/, '');
  let start = 0;
  let isQuoted = false;
  for (let i = 0, seen = 0; i < text.length && seen < field; i++) {
    if (text[i] === quote) isQuoted = !isQuoted;
    if (text[i] === delimiter && !isQuoted) {
      seen++;
      start = i + 1;
    }
  }
  // `info.lines` is the line on which the record ends.
  const linesAfter = text.slice(start).split('\n').length - 1;
  return { line: info.lines - linesAfter, column: start - text.lastIndexOf('\n', start - 1) };
}
