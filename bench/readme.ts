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
