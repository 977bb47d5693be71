/** What one model made of several runs comes to, beside these runs: for reports and the seed variance panel. */
import type { Soup } from '../soups/recordedSoups.ts';
import { decimalsFor, fixed } from '../wording.ts';
import { NONE } from './cells.ts';
import type { ReportTable } from './methodTable.ts';

export function soupTable(soups: readonly Soup[]): ReportTable {
  return {
    title: 'One model from several runs',
    note: 'Each is a single model, which has no spread: what other runs would give is not known, and nothing was tested. The best run is the best on the examples that all are measured on, and so looks better than it is. An ensemble is as large as all its runs. An initialization of its own for each run leaves no mean of weights.',
    head: [
      ...['method', 'metric', 'initialization', 'runs', 'mean ± std of the runs', 'best run'],
      ...['mean of weights', 'Model Stock', 'ensemble'],
    ],
    rows: soups.map(({ method, metric, init, runs, seeds, weights, ensemble }) => {
      const text = (value: number) => fixed(value, decimalsFor(seeds.std));
      const cell = (value: number | null | undefined) => (value == null ? NONE : text(value));
      return [
        ...[method, metric, init === null ? 'each its own' : String(init), String(runs.length)],
        ...[`${text(seeds.mean)} ± ${text(seeds.std)}`, text(seeds.best)],
        ...[cell(weights?.soup), cell(weights?.stock), cell(ensemble)],
      ];
    }),
    words: 2,
  };
}
