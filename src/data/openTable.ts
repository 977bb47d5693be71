import { formatOf } from '../config/data.ts';
import type { Config } from '../config/schema.ts';
import { readCsv } from './csv.ts';
import { readJsonl } from './jsonl.ts';
import { readParquet } from './parquet.ts';
import type { Table, TableFile } from './table.ts';

/** The part of a config's `data` that says how its files are written. */
export type TableConfig = Pick<Config['data'], 'format' | 'columns'> &
  Partial<Pick<Config['data'], 'extraCells' | 'from'>>;

/** Opens a CSV, TSV, JSONL or Parquet file: the format that the config names, or else the one of the file's extension. */
export async function openTable(file: TableFile, config: TableConfig = {}): Promise<Table> {
  const table = await read(file, config);
  return config.from === undefined ? table : { ...table, dataset: config.from };
}

function read(file: TableFile, config: TableConfig): Promise<Table> {
  const rowRules = {
    columns: config.columns,
    ignoreExtraCells: config.extraCells === 'ignore',
  };
  switch (config.format ?? formatOf(file.path)) {
    case 'jsonl':
      return readJsonl(file);
    case 'parquet':
      return readParquet(file);
    case 'tsv':
      // Quotes have no meaning in TSV: text corpora are full of unpaired ones.
      return readCsv(file, { delimiter: '\t', quote: null, ...rowRules });
    case 'csv':
      return readCsv(file, { delimiter: ',', quote: '"', ...rowRules });
  }
}
