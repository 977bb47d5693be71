import type { Request } from '../request.ts';
import type { Roles } from './columns.ts';
import { FloatList } from './floatList.ts';
import { DataProblem } from './problem.ts';
import type { Row, Table } from './table.ts';

/** The cells that a config needs of a file; targets and groups still as text. */
export interface Cells {
  readonly count: number;
  /** Features of one example. */
  readonly width: number;
  /** count×width, row-major, divided by the config's `scale`. */
  readonly features: Float32Array;
  readonly targets: readonly string[];
  /** Empty unless groups are made by a column. */
  readonly groups: readonly string[];
}

/**
 * Streams through a table's rows.
 * @param classes the only targets there may be, if that is known
 * @throws DataProblem at the cell that is not what it should be, and for a table without rows
 */
export async function readCells(
  table: Table,
  roles: Roles,
  { config: { task, data } }: Request,
  classes?: readonly string[],
): Promise<Cells> {
  const known = classes && new Set(classes);
  const features = new FloatList();
  const targets: string[] = [];
  const groups: string[] = [];
  for await (const row of table.rows) {
    for (const column of roles.features) features.push(numberIn(table, row, column, data.scale));
    const target = textIn(table, row, roles.target);
    if (task === 'regression') numberIn(table, row, roles.target);
    if (known && !known.has(target)) {
      throw new DataProblem(table.file, row.place(roles.target), `class "${target}" is unknown`, {
        expected: 'a class that the training data have',
        name: { wrong: target, valid: [...known] },
      });
    }
    targets.push(target);
    if (roles.group !== null) groups.push(textIn(table, row, roles.group));
  }
  if (targets.length === 0) {
    throw new DataProblem(table.file, { line: 1, column: 1 }, 'the file has no examples', {
      expected: 'at least one row below the names of the columns',
    });
  }
  return {
    count: targets.length,
    width: roles.features.length,
    features: features.toArray(),
    targets,
    groups,
  };
}

function numberIn(table: Table, row: Row, column: number, scale = 1): number {
  const cell = row.cells[column];
  const isNumeric = typeof cell === 'number' || (typeof cell === 'string' && cell.trim() !== '');
  const value = isNumeric ? Number(cell) / scale : Number.NaN;
  if (Number.isFinite(Math.fround(value))) return value;
  throw new DataProblem(table.file, row.place(column), notA('number', table, row, column), {
    expected:
      'a finite number: mend the cell, remove its row, or list data.features without the column',
  });
}

/** Labels may be texts, numbers or booleans; NaN is how tables write that one is missing. */
function textIn(table: Table, row: Row, column: number): string {
  const cell = row.cells[column];
  if (typeof cell === 'number' || typeof cell === 'boolean') return String(cell);
  if (typeof cell === 'string' && !['', 'NaN'].includes(cell.trim())) return cell.trim();
  throw new DataProblem(table.file, row.place(column), notA('label', table, row, column), {
    expected: 'a text or a number: mend the cell or remove its row',
  });
}

function notA(what: string, table: Table, row: Row, column: number): string {
  const cell = row.cells[column];
  const found = cell === '' ? 'an empty cell' : JSON.stringify(cell);
  return `${found} in column "${table.columns[column]}" is not a ${what}`;
}
