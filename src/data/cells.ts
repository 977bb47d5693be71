import { DataError, type Row, type Table } from './table.ts';

/**
 * Reads a cell that holds a number or the text of one.
 * @param scale the number is divided by it
 * @param remedy what the user can do instead of fixing the cell
 * @throws DataError unless float32 can hold the number
 */
export function numberIn(
  table: Table,
  row: Row,
  column: number,
  { scale = 1, remedy }: { readonly scale?: number; readonly remedy: string },
): number {
  const cell = row.cells[column];
  const isNumeric = typeof cell === 'number' || (typeof cell === 'string' && cell.trim() !== '');
  const value = isNumeric ? Number(cell) / scale : Number.NaN;
  if (Number.isFinite(Math.fround(value))) return value;
  throw new DataError(table.file, row.position(column), notA('number', table, row, column), {
    expected: `a finite number. ${fixFor(table)}, or ${remedy}`,
  });
}

/** Reads a label: a text, a number or a boolean. @throws DataError if it is missing, which many tables write as NaN */
export function labelIn(table: Table, row: Row, column: number): string {
  const cell = row.cells[column];
  if (typeof cell === 'number' || typeof cell === 'boolean') return String(cell);
  if (typeof cell === 'string' && !['', 'NaN'].includes(cell.trim())) return cell.trim();
  throw new DataError(table.file, row.position(column), notA('label', table, row, column), {
    expected: `a text or a number. ${fixFor(table)}`,
  });
}

/** Reads a text, unchanged. @throws DataError for other values and for empty texts */
export function textIn(table: Table, row: Row, column: number): string {
  const cell = row.cells[column];
  if (typeof cell === 'string' && cell.trim() !== '') return cell;
  throw new DataError(table.file, row.position(column), notA('text', table, row, column), {
    expected: `a text that is not empty. ${fixFor(table)}`,
  });
}

/** The texts that an example consists of. */
interface RowTexts {
  /** Text of each column; empty or blank if its cell is. */
  readonly byColumn: ReadonlyMap<number, string>;
  /** Columns whose cells are empty, blank or missing. */
  readonly empty: readonly number[];
}

/** Reads the texts of several columns. @throws DataError for values that are not texts, and if all are empty */
export function textsIn(table: Table, row: Row, columns: Iterable<number>): RowTexts {
  const all = [...columns];
  if (all.length === 1)
    return { byColumn: new Map([[all[0]!, textIn(table, row, all[0]!)]]), empty: [] };
  const empty = all.filter((column) => isEmpty(row.cells[column]));
  if (empty.length > 0 && empty.length === all.length) {
    const names = all.map((column) => `"${table.columns[column]}"`).join(', ');
    throw new DataError(
      table.file,
      row.position(all[0]!),
      `all texts are empty: columns ${names}`,
      { expected: `at least one text. ${fixFor(table)}` },
    );
  }
  const textOf = (column: number) =>
    empty.includes(column) ? String(row.cells[column] ?? '') : textIn(table, row, column);
  return { byColumn: new Map(all.map((column) => [column, textOf(column)])), empty };
}

/** @throws DataError for a table without rows */
export function checkNotEmpty(table: Table, rows: number): void {
  if (rows > 0) return;
  throw new DataError(table.file, { line: 1, column: 1 }, 'the file has no examples', {
    expected: 'at least one row',
  });
}

function isEmpty(cell: unknown): boolean {
  return cell === null || cell === undefined || (typeof cell === 'string' && cell.trim() === '');
}

/** How the user can fix a cell. */
function fixFor({ dataset }: Table): string {
  if (dataset === undefined) return 'Fix the cell or remove its row';
  return `${dataset} is a dataset on the Hub: copy the file, fix the cell or remove its row there, and use the copy instead of data.from`;
}

function notA(kind: string, table: Table, row: Row, column: number): string {
  const cell = row.cells[column];
  const found = cell === '' ? 'an empty cell' : (JSON.stringify(cell) ?? 'nothing');
  const shown = found.length > 60 ? `${found.slice(0, 60)}…` : found;
  return `${shown} in column "${table.columns[column]}" is not a ${kind}`;
}
