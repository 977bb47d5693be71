/** How commands print. */
import { formatNumber } from '../runs/format.ts';

/** Prints the one object of `--json`. Numbers that are not finite become `null`. */
export function printJson(value: object): void {
  console.log(JSON.stringify(value, null, 2));
}

/** Rows with their columns aligned, two spaces apart. */
export function table(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) =>
    Math.max(...rows.map((row) => row[column]?.length ?? 0)),
  );
  const line = (row: readonly string[]) =>
    row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  ');
  return rows.map((row) => line(row).trimEnd()).join('\n');
}

/** With four significant digits: "0.9342"; "–" where there is no value. */
export function figure(value: number | null | undefined): string {
  return formatNumber(value, 4);
}
