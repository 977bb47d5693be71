import path from 'node:path';
import { readCsv } from './csv.ts';
import { readJsonl } from './jsonl.ts';
import type { Source } from './source.ts';
import type { Table } from './table.ts';

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
