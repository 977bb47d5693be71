/** The tables of docs/guarantee.md as the data that src/engine/aggregators/regimes.ts reads. */
import { readFileSync, writeFileSync } from 'node:fs';
import type { Collapse, Measurement, Measurements } from '../src/engine/aggregators/regimes.ts';
import { PRECONDITIONED } from '../src/engine/aggregators/regimes.ts';
import { knownAggregator } from '../src/engine/aggregators/registry.ts';

const page = new URL('./guarantee.md', import.meta.url);

/** As JSON, formatted. */
export function measurementsText(): string {
  const text = readFileSync(page, 'utf8');
  const measurements: Measurements = { tables: tablesOf(text), collapse: collapseOf(text) };
  return `${JSON.stringify(measurements, null, 2)}\n`;
}

/** One for each table: the text between its markers, under its heading. */
function tablesOf(page: string): Measurement[] {
  const tables = page.matchAll(
    /^### (?<title>.+)\n[^#]*?<!-- (?<setting>[\w-]+) -->\n(?<table>[\s\S]*?)<!-- \/\k<setting> -->/gm,
  );
  return [...tables].map(({ groups }) => {
    const { title, setting, table } = groups!;
    const [head, ...rows] = rowsOf(table!);
    const metric = head!.find((cell) => cell.endsWith('± std'))!.replace(' ± std', '');
    const column = (name: string) => head!.findIndex((cell) => cell.startsWith(name));
    const resultOf = (row: readonly string[]) => Number.parseFloat(row[column(metric)]!);
    const mean = rows.find(([name]) => name === 'mean')!;
    return {
      setting: setting!,
      title: title!.replace(/ \(.*\)$/, ''),
      metric,
      mean: resultOf(mean),
      // Aggregators as they come or in the preconditioned metric, not other variants of them.
      results: rows
        .filter(([name]) => name !== 'mean' && knownAggregator(name!.replace(PRECONDITIONED, '')))
        .map((row) => ({
          aggregator: row[0]!,
          seeds: Number(row[column('seeds')]),
          value: resultOf(row),
          ...differenceOf(row[column('against mean')]!),
        })),
    };
  });
}

/** The table of groups by label, of several optimizers. */
function collapseOf(page: string): Collapse[] {
  const [, text] = /<!-- collapse -->\n([\s\S]*?)<!-- \/collapse -->/.exec(page)!;
  const [, ...rows] = rowsOf(text!);
  return rows.map(([method, seeds, value]) => {
    const [aggregator, optimizer] = method!.split(', ');
    return {
      aggregator: aggregator!,
      optimizer: optimizer!,
      seeds: Number(seeds),
      value: Number(value),
    };
  });
}

/** The cells of a table's head and rows. */
function rowsOf(table: string): string[][] {
  const lines = table.split('\n').filter((line) => line.startsWith('|'));
  const cells = lines.map((line) => line.split('|').slice(1, -1));
  return cells.map((row) => row.map((cell) => cell.trim())).toSpliced(1, 1);
}

/** "−0.333 (−0.397 … −0.269, p < 0.001)" */
function differenceOf(cell: string): { difference: string; p: string } {
  const { difference, p } = /^(?<difference>\S+) \(.*, (?<p>p .+)\)$/.exec(cell)!.groups!;
  return { difference: difference!, p: p! };
}

if (import.meta.main) {
  const file = new URL('../src/engine/aggregators/measurements.json', import.meta.url);
  writeFileSync(file, measurementsText());
}
