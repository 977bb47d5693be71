import { readFileSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import { fileURLToPath } from 'node:url';

const readme = fileURLToPath(new URL('README.md', import.meta.url));

/** Writes figures between the markers `<!-- name -->` and `<!-- /name -->` of a file, by default bench/README.md. */
export function writeFigures(name: string, markdown: string, file = readme): void {
  const text = readFileSync(file, 'utf8');
  const begin = `<!-- ${name} -->`;
  const end = `<!-- /${name} -->`;
  const from = text.indexOf(begin);
  const to = text.indexOf(end);
  if (from < 0 || to < from) throw new Error(`${file} has no markers ${begin} … ${end}`);
  writeFileSync(file, `${text.slice(0, from)}${begin}\n${markdown}\n${text.slice(to)}`);
}

/** One line: when and where the figures were measured, and the load of the machine. */
export function circumstances(): string {
  const { model } = os.cpus()[0]!;
  const day = new Date().toISOString().slice(0, 10);
  const load = os.loadavg()[0]!.toFixed(1);
  return `${day}, ${os.availableParallelism()} cores (${model.trim()}), load ${load}, Node ${process.version}.`;
}

/** A Markdown table; the first row is its header. The first `left` columns are aligned to the left, the others to the right. */
export function table(rows: readonly (readonly string[])[], left = 0): string {
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
