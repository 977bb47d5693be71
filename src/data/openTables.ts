/** Several files as one table. */
import path from 'node:path';
import { listed } from './labels.ts';
import { openTable, type TableConfig } from './openTable.ts';
import {
  DataError,
  FIRST_POSITION,
  type Row,
  type Table,
  type TableFile,
  type UsedColumns,
} from './table.ts';

/**
 * The rows of all files, one file after another, with the columns of the first. The other files have the columns that are used, in any
 * order; each is opened when its rows are read.
 *
 * @param files at least one
 * @throws DataError if the first file, or later another, is of another kind, or lacks a column
 */
export async function openTables(
  files: readonly TableFile[],
  config: TableConfig = {},
): Promise<Table> {
  const [file, ...others] = files;
  const first = await openTable(file!, config);
  if (others.length === 0) return first;
  return {
    ...first,
    async *rows(used) {
      yield* rowsIn(first, first, used);
      for (const other of others) yield* rowsIn(await openTable(other, config), first, used);
    },
  };
}

/** As if its columns were in the order of the first file's. */
async function* rowsIn(table: Table, first: Table, used: UsedColumns): AsyncGenerator<Row> {
  const { file } = table;
  const places = first.columns.map((name) => table.columns.indexOf(name));
  checkColumns(table, first, used, places);
  const isAlike = places.every((place, column) => place === column);
  const own = { ...used, columns: new Set([...used.columns].map((column) => places[column]!)) };
  for await (const row of table.rows(own)) {
    yield {
      cells: isAlike ? row.cells : places.map((place) => row.cells[place]),
      position: (column) => ({ ...row.position(places[column] ?? column), file }),
    };
  }
}

function checkColumns(
  { file, columns }: Table,
  first: Table,
  used: UsedColumns,
  places: readonly number[],
): void {
  const lacking = [...used.columns].find((column) => places[column] === -1);
  const foreign = used.all ? columns.find((name) => !first.columns.includes(name)) : undefined;
  if (lacking === undefined && foreign === undefined) return;
  const message =
    lacking === undefined
      ? `column "${foreign}" is not in ${path.basename(first.file)}`
      : `no column "${first.columns[lacking]}", which ${path.basename(first.file)} has`;
  throw new DataError(file, FIRST_POSITION, message, {
    expected: `the columns of ${path.basename(first.file)}, which are ${listed(first.columns)}`,
  });
}
