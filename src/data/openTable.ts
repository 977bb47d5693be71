import { formatOf } from '../config/dataFormat.ts';
import type { Config } from '../config/schema.ts';
import { type Layout, readCsv } from './csv.ts';
import { readJsonl } from './jsonl.ts';
import { readParquet } from './parquet.ts';
import type { Source } from './source.ts';
import type { Table } from './table.ts';

/** What a config's `data` says of how its files are written. */
export type TableConfig = Pick<Config['data'], 'format' | 'columns'> &
  Partial<Pick<Config['data'], 'extraCells' | 'from'>>;

/** Reads CSV, TSV, JSONL or Parquet: what the config says, or the file's extension. */
export async function openTable(source: Source, config: TableConfig = {}): Promise<Table> {
  const table = await read(source, config);
  return config.from === undefined ? table : { ...table, dataset: config.from };
}

function read(source: Source, config: TableConfig): Promise<Table> {
  const layout: Layout = {
    columns: config.columns,
    ignoresExtraCells: config.extraCells === 'ignore',
  };
  switch (config.format ?? formatOf(source.file)) {
    case 'jsonl':
      return readJsonl(source);
    case 'parquet':
      return readParquet(source);
    case 'tsv':
      // Quotes mean nothing in TSV: text corpora are full of lone ones.
      return readCsv(source, { delimiter: '\t', quote: null }, layout);
    case 'csv':
      return readCsv(source, { delimiter: ',', quote: '"' }, layout);
  }
}
