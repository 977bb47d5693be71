/** How commands print. */

/** The one object that `--json` promises. Numbers that are not finite become `null`. */
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

/** Digits that mean something: "0.934", "1.2e-7"; "–" where there is no number. */
export function figure(value: number | null | undefined): string {
  if (value === null || value === undefined || Number.isNaN(value)) return '–';
  return String(Number(value.toPrecision(4)));
}
