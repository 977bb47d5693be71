import { DataProblem } from './problem.ts';
import type { Row, Table } from './table.ts';

/**
 * @param remedy what else may mend it than another value
 * @throws DataProblem unless the cell is a number, or the text of one, that float32 can hold
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
  throw new DataProblem(table.file, row.place(column), notA('number', table, row, column), {
    expected: `a finite number: ${mend(table)}, or ${remedy}`,
  });
}

/** Labels may be texts, numbers or booleans; NaN is how tables write that one is missing. */
export function labelIn(table: Table, row: Row, column: number): string {
  const cell = row.cells[column];
  if (typeof cell === 'number' || typeof cell === 'boolean') return String(cell);
  if (typeof cell === 'string' && !['', 'NaN'].includes(cell.trim())) return cell.trim();
  throw new DataProblem(table.file, row.place(column), notA('label', table, row, column), {
    expected: `a text or a number: ${mend(table)}`,
  });
}

/** A text as it is written. @throws DataProblem for other values, and where there is nothing to read */
export function textIn(table: Table, row: Row, column: number): string {
  const cell = row.cells[column];
  if (typeof cell === 'string' && cell.trim() !== '') return cell;
  throw new DataProblem(table.file, row.place(column), notA('text', table, row, column), {
    expected: `a text that is not empty: ${mend(table)}`,
  });
}

/** The texts that an example is made of. */
interface RowTexts {
  /** By column; where a cell is empty or missing, what there is of it. */
  readonly of: ReadonlyMap<number, string>;
  /** Columns whose cells are empty or missing. */
  readonly empty: readonly number[];
}

/** @throws DataProblem for values that are no texts, and where no column has anything to read */
export function textsIn(table: Table, row: Row, columns: Iterable<number>): RowTexts {
  const all = [...columns];
  if (all.length === 1) return { of: new Map([[all[0]!, textIn(table, row, all[0]!)]]), empty: [] };
  const empty = all.filter((column) => isEmpty(row.cells[column]));
  if (empty.length > 0 && empty.length === all.length) {
    const names = all.map((column) => `"${table.columns[column]}"`).join(', ');
    throw new DataProblem(table.file, row.place(all[0]!), `all texts are empty: columns ${names}`, {
      expected: `at least one text to read: ${mend(table)}`,
    });
  }
  const textOf = (column: number) =>
    empty.includes(column) ? String(row.cells[column] ?? '') : textIn(table, row, column);
  return { of: new Map(all.map((column) => [column, textOf(column)])), empty };
}

function isEmpty(cell: unknown): boolean {
  return cell === null || cell === undefined || (typeof cell === 'string' && cell.trim() === '');
}

/** What can be done about a cell. */
function mend({ dataset }: Table): string {
  if (dataset === undefined) return 'mend the cell or remove its row';
  return `${dataset} is on the hub, where it cannot be mended: take a copy of the file, remove the row there, and name the copy in place of data.from`;
}

function notA(what: string, table: Table, row: Row, column: number): string {
  const cell = row.cells[column];
  const found = cell === '' ? 'an empty cell' : (JSON.stringify(cell) ?? 'nothing');
  const shown = found.length > 60 ? `${found.slice(0, 60)}…` : found;
  return `${shown} in column "${table.columns[column]}" is not a ${what}`;
}
