import { pipeline } from 'node:stream';
import { CsvError, type Info, parse } from 'csv-parse';
import { formatCount } from '../runs/format.ts';
import { isNumeric } from './cells.ts';
import { likelyDelimiter, misplacedQuote, oddFirstLine } from './csvMistakes.ts';
import {
  DataError,
  FIRST_POSITION,
  type FilePosition,
  MAX_ROW,
  type Row,
  type Table,
  type TableFile,
  type UsedColumns,
} from './table.ts';
import { utf8Chunks } from './textFile.ts';

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
 * @throws DataError for an empty file, another delimiter, repeated column names and, while iterating, broken quoting, rows of
 * another length, and headers among the rows
 */
export async function readCsv(file: TableFile, options: CsvOptions): Promise<Table> {
  const records = recordsOf(file, options);
  const columns = options.columns ?? (await readHeader(file, options, records));
  return {
    file: file.path,
    columns,
    rows: (used) => rowsOf(file, options, columns, used, records),
  };
}

async function readHeader(
  file: TableFile,
  options: CsvOptions,
  records: AsyncGenerator<CsvRecord>,
): Promise<readonly string[]> {
  const header = await records.next();
  if (header.done) {
    throw new DataError(file.path, FIRST_POSITION, 'the file is empty', {
      expected: 'a first line with the names of the columns',
    });
  }
  const columns = header.value.record.map((name) => name.trim());
  checkDelimiter(file, options, header.value);
  // Several columns may lack a name as long as none of them is used.
  const repeated = columns.findIndex((name, i) => name !== '' && columns.indexOf(name) !== i);
  if (repeated >= 0) {
    const position = positionOf(header.value, repeated, options);
    const isExample = columns.filter(isNumeric).length > 1;
    throw new DataError(file.path, position, `column "${columns[repeated]}" appears twice`, {
      expected: `a different name for each column${isExample ? '. If the first line is an example, name the columns in data.columns' : ''}`,
    });
  }
  return columns;
}

const ROW_NAMES =
  'If each row begins with its name or number, as those of R do, write the file without (row.names = FALSE); if it ends with a separator, remove that, or set data.extraCells: ignore';

async function* rowsOf(
  file: TableFile,
  options: CsvOptions,
  columns: readonly string[],
  used: UsedColumns,
  records: AsyncIterable<CsvRecord>,
): AsyncGenerator<Row> {
  const names = options.columns ? 'name in data.columns' : 'column of the first line';
  let isFirst = true;
  for await (const row of records) {
    const fields = row.record.length;
    const isTooLong = fields > columns.length;
    if (fields < columns.length || (isTooLong && !options.ignoreExtraCells)) {
      if (isFirst) checkDelimiter(file, options, row);
      const position = positionOf(row, Math.min(fields - 1, columns.length), options);
      const advice = !isTooLong
        ? ''
        : isFirst && fields === columns.length + 1 && !options.columns
          ? `. ${ROW_NAMES}`
          : ', or data.extraCells: ignore';
      throw new DataError(file.path, position, `the row has ${formatCount(fields, 'field')}`, {
        expected: `${columns.length}, one per ${names}${advice}`,
      });
    }
    checkNoHeader(file, options, columns, used, row, isFirst);
    isFirst = false;
    yield { cells: row.record, position: (column) => positionOf(row, column, options) };
  }
}

/** A first line that is not one of cells, or of one cell that another character would split. */
function checkDelimiter(file: TableFile, options: CsvOptions, { record, raw }: CsvRecord): void {
  const odd = oddFirstLine(raw);
  if (odd) throw new DataError(file.path, FIRST_POSITION, odd.message, { expected: odd.expected });
  if (record.length > 1) return;
  const likely = likelyDelimiter(raw, options);
  if (!likely) return;
  const { name, setting } = likely;
  throw new DataError(file.path, FIRST_POSITION, `the first line is one cell, but has ${name}`, {
    expected: `cells separated by ${JSON.stringify(options.delimiter)}. If ${name} separate them, set ${setting}`,
  });
}

/** Names of columns that are read as an example: of a header beside `data.columns`, or between files that were joined. */
function checkNoHeader(
  file: TableFile,
  options: CsvOptions,
  columns: readonly string[],
  used: UsedColumns,
  row: CsvRecord,
  isFirst: boolean,
): void {
  const isName = (index: number) =>
    row.record[index]!.trim().toLowerCase() === columns[index]!.toLowerCase() &&
    columns[index] !== '';
  if (isFirst && options.columns && [...used.columns].some(isName)) {
    throw new DataError(file.path, FIRST_POSITION, 'the first line holds the names of columns', {
      expected: 'an example, as data.columns is set. Remove data.columns, or the line',
    });
  }
  if (columns.length > 1 && columns.every((name, i) => row.record[i] === name)) {
    throw new DataError(file.path, positionOf(row, 0, options), 'the row repeats the header', {
      expected: 'an example. Were two files joined? Remove the row',
    });
  }
}

async function* recordsOf(file: TableFile, options: CsvOptions): AsyncGenerator<CsvRecord> {
  const { delimiter, quote } = options;
  const parser = parse({
    delimiter,
    quote,
    info: true,
    raw: true,
    // By default the parser assumes the first line's ending for all lines; edited files may mix them.
    record_delimiter: ['\r\n', '\n', '\r'],
    relax_column_count: true,
    skip_empty_lines: true,
    max_record_size: MAX_ROW,
  });
  // An error of either stream destroys both and is thrown by the iteration below.
  pipeline(utf8Chunks(file), parser, () => {});
  const records: AsyncIterable<CsvRecord> = parser;
  try {
    for await (const record of records) {
      if (/^[\r\n]*\ufeff/.test(record.raw)) throw markWithin(file, record, options);
      yield record;
    }
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    const found = quote === null ? null : await misplacedQuote(file.path, delimiter, quote);
    const position = found?.position ?? { line: Number(error.lines), column: 1 };
    throw new DataError(file.path, position, found?.message ?? error.message, {
      expected:
        'cells in "double quotes", with "" for a quote inside. If quotes have no meaning in the file, set data.format: tsv',
    });
  }
}

/** The mark of the file's beginning is gone when records are read: one that is left was the beginning of another file. */
function markWithin(file: TableFile, record: CsvRecord, options: CsvOptions): DataError {
  const position = positionOf(record, 0, options);
  return new DataError(file.path, position, 'a byte order mark (U+FEFF) within the file', {
    expected:
      'at most one, at the beginning. Were two files joined? Remove it, and a second header',
  });
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
