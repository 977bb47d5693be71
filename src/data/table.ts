/** A place in a data file, 1-based; columns count UTF-16 units as editors do. */
export interface Place {
  readonly line: number;
  readonly column: number;
  /** Of files that are no text: the row, 1-based, which is all that can be said. */
  readonly row?: number;
}

export interface Row {
  /** In the order of the table's columns: text of a CSV or TSV field, any value of the others; perhaps more cells than columns. */
  readonly cells: readonly unknown[];
  /** Where a cell is written; computed on demand, for messages. */
  place(column: number): Place;
}

export interface Table {
  readonly file: string;
  /** Of the hub, `owner/name`, if it is of one. */
  readonly dataset?: string;
  readonly columns: readonly string[];
  readonly rows: AsyncIterable<Row>;
}
