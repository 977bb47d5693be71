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
    expected: `a finite number: mend the cell, remove its row, or ${remedy}`,
  });
}

/** Labels may be texts, numbers or booleans; NaN is how tables write that one is missing. */
export function labelIn(table: Table, row: Row, column: number): string {
  const cell = row.cells[column];
  if (typeof cell === 'number' || typeof cell === 'boolean') return String(cell);
  if (typeof cell === 'string' && !['', 'NaN'].includes(cell.trim())) return cell.trim();
  throw new DataProblem(table.file, row.place(column), notA('label', table, row, column), {
    expected: 'a text or a number: mend the cell or remove its row',
  });
}

/** A text as it is written. @throws DataProblem for other values, and where there is nothing to read */
export function textIn(table: Table, row: Row, column: number): string {
  const cell = row.cells[column];
  if (typeof cell === 'string' && cell.trim() !== '') return cell;
  throw new DataProblem(table.file, row.place(column), notA('text', table, row, column), {
    expected: 'a text that is not empty: mend the cell or remove its row',
  });
}

function notA(what: string, table: Table, row: Row, column: number): string {
  const cell = row.cells[column];
  const found = cell === '' ? 'an empty cell' : (JSON.stringify(cell) ?? 'nothing');
  const shown = found.length > 60 ? `${found.slice(0, 60)}…` : found;
  return `${shown} in column "${table.columns[column]}" is not a ${what}`;
}
