import type { Row, Table } from '../../../src/data/table.ts';

/** All columns of a table's rows. */
export function rowsOf(table: Table): AsyncIterable<Row> {
  return table.rows({ columns: new Set(table.columns.keys()), all: false });
}
