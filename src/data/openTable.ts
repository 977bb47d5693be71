import { formatOf, TABLE_NAMES } from '../config/data.ts';
import type { DataFormat } from '../config/dataSchema.ts';
import type { Config } from '../config/schema.ts';
import { readArrow } from './arrow/readArrow.ts';
import { readCsv } from './csv.ts';
import { readJson, readJsonl } from './json.ts';
import { readParquet } from './parquet/readParquet.ts';
import { DataError, FIRST_POSITION, type Table, type TableFile } from './table.ts';

/** The part of a config's `data` that says how its files are written. */
export type TableConfig = Pick<Config['data'], 'format' | 'columns'> &
  Partial<Pick<Config['data'], 'extraCells' | 'delimiter' | 'from'>>;

/**
 * Opens a table: in the format that the config names, or else the one of the file's extension.
 * @throws DataError if the file is of another kind
 */
export async function openTable(file: TableFile, config: TableConfig = {}): Promise<Table> {
  const format = config.format ?? formatOf(file.path);
  if (format === null) {
    throw new DataError(file.path, FIRST_POSITION, 'the name does not say how it is written', {
      expected: `${TABLE_NAMES}, or data.format`,
    });
  }
  const table = await read(file, format, config);
  return config.from === undefined ? table : { ...table, dataset: config.from };
}

function read(file: TableFile, format: DataFormat, config: TableConfig): Promise<Table> {
  const rowRules = {
    columns: config.columns,
    ignoreExtraCells: config.extraCells === 'ignore',
  };
  switch (format) {
    case 'jsonl':
      return readJsonl(file);
    case 'json':
      return readJson(file);
    case 'parquet':
      return readParquet(file);
    case 'arrow':
      return readArrow(file);
    case 'tsv':
      // Quotes have no meaning in TSV: text corpora are full of unpaired ones.
      return readCsv(file, { delimiter: '\t', quote: null, ...rowRules });
    case 'csv':
      return readCsv(file, { delimiter: config.delimiter ?? ',', quote: '"', ...rowRules });
  }
}
