import path from 'node:path';
import { readCsv } from './csv.ts';
import { readJsonl } from './jsonl.ts';
import type { Source } from './source.ts';

/** A place in a data file, 1-based; columns count UTF-16 units as editors do. */
export interface Place {
  readonly line: number;
  readonly column: number;
}

export interface Row {
  /** In the order of the table's columns: text of a CSV or TSV field, any value of a JSON one. */
  readonly cells: readonly unknown[];
  /** Where a cell is written; computed on demand, for messages. */
  place(column: number): Place;
}

export interface Table {
  readonly file: string;
  readonly columns: readonly string[];
  readonly rows: AsyncIterable<Row>;
}

/** Reads CSV, TSV or JSONL, told apart by the file's extension; CSV where it says neither. */
export function openTable(source: Source): Promise<Table> {
  switch (path.extname(source.file).toLowerCase()) {
    case '.jsonl':
    case '.ndjson':
      return readJsonl(source);
    case '.tsv':
      // Quotes mean nothing in TSV: text corpora are full of lone ones.
      return readCsv(source, { delimiter: '\t', quote: null });
    default:
      return readCsv(source, { delimiter: ',', quote: '"' });
  }
}
