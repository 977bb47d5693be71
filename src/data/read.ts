import type { Request } from '../config/request.ts';
import { labelIn, numberIn } from './cells.ts';
import type { Roles } from './columns.ts';
import { FloatList } from './floatList.ts';
import { DataProblem } from './problem.ts';
import type { Table } from './table.ts';
import { targetIn } from './targets.ts';

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
  request: Request,
  classes?: ReadonlySet<string>,
): Promise<Cells> {
  const { scale } = request.config.data;
  const asFeature = { scale, remedy: 'list data.features without the column' };
  const features = new FloatList();
  const targets: string[] = [];
  const groups: string[] = [];
  for await (const row of table.rows) {
    for (const column of roles.features) features.push(numberIn(table, row, column, asFeature));
    targets.push(targetIn(table, row, roles.target, request, classes));
    if (roles.group !== null) groups.push(labelIn(table, row, roles.group));
  }
  checkRows(table, targets.length);
  return {
    count: targets.length,
    width: roles.features.length,
    features: features.toArray(),
    targets,
    groups,
  };
}

/** @throws DataProblem for a table without rows */
export function checkRows(table: Table, count: number): void {
  if (count > 0) return;
  throw new DataProblem(table.file, { line: 1, column: 1 }, 'the file has no examples', {
    expected: 'at least one row',
  });
}
