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
