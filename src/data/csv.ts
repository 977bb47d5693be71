import { pipeline } from 'node:stream';
import { CsvError, type Info, parse } from 'csv-parse';
import { DataProblem } from './problem.ts';
import type { Source } from './source.ts';
import type { Place, Row, Table } from './table.ts';

interface Dialect {
  readonly delimiter: string;
  readonly quote: string | null;
}

/** What the first line is, and how long the others may be. */
export interface Layout {
  /** Names of the columns; without them the first line has them. */
  readonly columns?: readonly string[] | undefined;
  /** Whether rows may have further cells, which are left out. */
  readonly ignoresExtraCells: boolean;
}

interface CsvRecord {
  readonly record: readonly string[];
  readonly raw: string;
  readonly info: Info;
}

/**
 * Streams a CSV or TSV file.
 * @throws DataProblem for an empty file, broken quoting, repeated names and, while iterating, rows of another length
 */
export async function readCsv(source: Source, dialect: Dialect, layout: Layout): Promise<Table> {
  const records = recordsOf(source, dialect);
  const columns = layout.columns ?? (await headerOf(source, dialect, records));
  return { file: source.file, columns, rows: rowsOf(source, dialect, columns, layout, records) };
}

async function headerOf(
  source: Source,
  dialect: Dialect,
  records: AsyncGenerator<CsvRecord>,
): Promise<readonly string[]> {
  const header = await records.next();
  if (header.done) {
    throw new DataProblem(source.file, { line: 1, column: 1 }, 'the file is empty', {
      expected: 'a first line with the names of the columns',
    });
  }
  const columns = header.value.record.map((name) => name.trim());
  const repeated = columns.findIndex((name, i) => columns.indexOf(name) !== i);
  if (repeated >= 0) {
    const place = placeOf(header.value, repeated, dialect);
    throw new DataProblem(source.file, place, `column "${columns[repeated]}" appears twice`, {
      expected: 'a different name for each column',
    });
  }
  return columns;
}

async function* rowsOf(
  source: Source,
  dialect: Dialect,
  columns: readonly string[],
  layout: Layout,
  records: AsyncIterable<CsvRecord>,
): AsyncGenerator<Row> {
  const names = layout.columns ? 'name in data.columns' : 'column of the first line';
  for await (const row of records) {
    const fields = row.record.length;
    const isTooLong = fields > columns.length;
    if (fields < columns.length || (isTooLong && !layout.ignoresExtraCells)) {
      const place = placeOf(row, Math.min(fields - 1, columns.length), dialect);
      throw new DataProblem(source.file, place, `the row has ${fields} fields`, {
        expected: `${columns.length}, one per ${names}${isTooLong ? ', or data.extraCells: ignore' : ''}`,
      });
    }
    yield { cells: row.record, place: (column) => placeOf(row, column, dialect) };
  }
}

async function* recordsOf(source: Source, dialect: Dialect): AsyncGenerator<CsvRecord> {
  const parser = parse({
    ...dialect,
    bom: true,
    info: true,
    raw: true,
    // Left alone, the parser takes the first line's ending for that of all lines; edited files may mix them.
    record_delimiter: ['\r\n', '\n', '\r'],
    relax_column_count: true,
    skip_empty_lines: true,
  });
  // An error of either side destroys both, and reaches whoever iterates.
  pipeline(source.chunks(), parser, () => {});
  try {
    yield* parser as AsyncIterable<CsvRecord>;
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    const line = Number(error.lines);
    throw new DataProblem(source.file, { line, column: 1 }, error.message, {
      expected: 'fields in "double quotes", with "" for a quote inside',
    });
  }
}

/** Where a field starts: the raw text of its record, read up to the delimiter before it. */
function placeOf({ raw, info }: CsvRecord, field: number, { delimiter, quote }: Dialect): Place {
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
