/** A Markdown table; the first row is its header. The first `left` columns are aligned to the left, the others to the right. */
export function table(cells: readonly (readonly string[])[], left = 0): string {
  const rows = cells.map((row) => row.map((cell) => cell.replaceAll('|', '\\|')));
  const widths = rows[0]!.map((_, column) =>
    Math.max(...rows.map((row) => row[column]!.length), 3),
  );
  const rule = widths.map((width, column) =>
    column < left ? '-'.repeat(width) : `${'-'.repeat(width - 1)}:`,
  );
  const [head, ...body] = rows.map((row) =>
    row.map((cell, column) =>
      column < left ? cell.padEnd(widths[column]!) : cell.padStart(widths[column]!),
    ),
  );
  return [head!, rule, ...body].map((row) => `| ${row.join(' | ')} |`).join('\n');
}
