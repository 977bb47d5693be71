/** The tables of docs/guarantee.md as the data that src/engine/aggregators/regimes.ts reads. */
import { readFileSync, writeFileSync } from 'node:fs';
import type { Measurement } from '../src/engine/aggregators/regimes.ts';
import { knownAggregator } from '../src/engine/aggregators/registry.ts';

const page = new URL('./guarantee.md', import.meta.url);

/** As JSON, formatted. */
export function measurementsText(): string {
  return `${JSON.stringify(measurements(), null, 2)}\n`;
}

/** One for each table: the text between its markers, under its heading. */
function measurements(): Measurement[] {
  const tables = readFileSync(page, 'utf8').matchAll(
    /^### (?<title>.+)\n[^#]*?<!-- (?<setting>[\w-]+) -->\n(?<table>[\s\S]*?)<!-- \/\k<setting> -->/gm,
  );
  return [...tables].map(({ groups }) => {
    const { title, setting, table } = groups!;
    const [head, , ...rows] = table!
      .split('\n')
      .filter((line) => line.startsWith('|'))
      .map((line) =>
        line
          .split('|')
          .slice(1, -1)
          .map((cell) => cell.trim()),
      );
    const metric = head!.find((cell) => cell.endsWith('± std'))!.replace(' ± std', '');
    const column = (name: string) => head!.findIndex((cell) => cell.startsWith(name));
    const resultOf = (row: readonly string[]) => Number.parseFloat(row[column(metric)]!);
    const mean = rows.find(([name]) => name === 'mean')!;
    return {
      setting: setting!,
      title: title!.replace(/ \(.*\)$/, ''),
      metric,
      mean: resultOf(mean),
      // Only aggregators as they come: variants of them have no name of their own.
      results: rows
        .filter(([name]) => name !== 'mean' && knownAggregator(name!))
        .map((row) => ({
          aggregator: row[0]!,
          seeds: Number(row[column('seeds')]),
          value: resultOf(row),
          ...differenceOf(row[column('against mean')]!),
        })),
    };
  });
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
