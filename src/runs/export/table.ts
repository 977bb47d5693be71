/** Runs as one table with a row for each number, as data frames take it. */
import { fileWriter, parquetWriteRows } from 'hyparquet-writer';
import { csvRow } from '../../config/csvRow.ts';
import type { RunSummary } from '../store.ts';
import { scalarsOf } from './scalars.ts';

const COLUMNS = [
  { name: 'run', type: 'STRING' },
  { name: 'experiment', type: 'STRING' },
  { name: 'method', type: 'STRING' },
  { name: 'init', type: 'INT32' },
  { name: 'order', type: 'INT32' },
  // Where the validation examples have no seed of their own: empty.
  { name: 'split', type: 'INT32' },
  { name: 'step', type: 'INT32' },
  { name: 'time', type: 'TIMESTAMP' },
  { name: 'series', type: 'STRING' },
  { name: 'value', type: 'DOUBLE' },
] as const;

type Row = Readonly<Record<(typeof COLUMNS)[number]['name'], string | number | Date | null>>;

/** Rows of a Parquet file that are in memory at a time, and that its readers take at a time. */
const GROUP_ROWS = 16_384;

/** RFC 4180, with a header; a value that was not finite is NaN. */
export async function* csvLines(runs: readonly RunSummary[]): AsyncGenerator<string> {
  yield `${csvRow(COLUMNS.map(({ name }) => name))}\n`;
  for await (const row of rowsOf(runs)) {
    yield `${csvRow(COLUMNS.map(({ name }) => cellOf(row[name])))}\n`;
  }
}

function cellOf(value: Row['split']): string | number {
  if (value === null) return '';
  return value instanceof Date ? value.toISOString() : value;
}

export async function writeParquet(file: string, runs: readonly RunSummary[]): Promise<void> {
  await parquetWriteRows({
    writer: fileWriter(file),
    rows: rowsOf(runs),
    columns: [...COLUMNS],
    rowGroupSize: GROUP_ROWS,
  });
}

async function* rowsOf(runs: readonly RunSummary[]): AsyncGenerator<Row> {
  for (const run of runs) {
    const { id, experiment, aggregator, seed } = run.manifest;
    const { init, order, split = null } = seed;
    const own = { run: id, experiment: experiment.name, method: aggregator, init, order, split };
    for await (const { step, at, series, value } of scalarsOf(run)) {
      yield { ...own, step, time: new Date(at), series, value };
    }
  }
}
