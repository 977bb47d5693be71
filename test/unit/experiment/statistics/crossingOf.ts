import type { Crossing } from '../../../../src/experiment/statistics/crossed.ts';

/** A table as a crossing: a row for each level of the first factor, a column for each of the second. */
export function crossingOf(table: readonly (readonly number[])[]): Crossing {
  return {
    levels: [table.map((_, row) => row), table[0]!.map((_, column) => column)],
    cells: table.flatMap((values, row) =>
      values.map((value, column) => ({ levels: [row, column], value })),
    ),
  };
}
