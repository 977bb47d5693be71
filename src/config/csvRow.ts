type Cell = string | number | boolean | null | undefined;

/** A row of CSV as RFC 4180 writes it, without its end; an empty cell where there is no value. */
export function csvRow(cells: readonly Cell[]): string {
  return cells.map(cellOf).join(',');
}

function cellOf(value: Cell): string {
  const text = String(value ?? '');
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
