/** A table of what a chart or a table shows, and its text in CSV (RFC 4180) and Markdown. Pure. */

/** `null` for a value that is unknown or not finite. */
type Cell = string | number | null;

export interface Sheet {
  readonly titles: readonly string[];
  readonly rows: readonly (readonly Cell[])[];
}

export function csvOf({ titles, rows }: Sheet): string {
  return [titles, ...rows].map((row) => `${row.map(field).join(',')}\r\n`).join('');
}

export function markdownOf({ titles, rows }: Sheet): string {
  const line = (row: readonly Cell[]) =>
    `| ${row.map((cell) => text(cell).replaceAll('|', '\\|').replaceAll('\n', ' ')).join(' | ')} |\n`;
  const isNumeric = (column: number) =>
    rows.every((row) => /^[\d−–.+ e%]*$/.test(text(row[column])));
  const rule = titles.map((_, column) => (column > 0 && isNumeric(column) ? '---:' : '---'));
  return [line(titles), line(rule), ...rows.map(line)].join('');
}

function field(cell: Cell): string {
  const value = text(cell);
  return /[",\r\n]/.test(value) ? `"${value.replaceAll('"', '""')}"` : value;
}

/** All digits of a number: what is read again is what was shown. */
function text(cell: Cell | undefined): string {
  if (cell === undefined || cell === null) return '';
  return typeof cell === 'number' && !Number.isFinite(cell) ? '' : String(cell);
}
