/** The entries of `aggregate`, `seeds` and `grid` in a config, and which runs of a launch are theirs. */
import { expand } from '../../config/expand.ts';
import { type Config, gridPath } from '../../config/schema.ts';
import { seedPairs } from '../../config/seeds.ts';
import { formatSeed } from '../../runs/format.ts';
import type { RunSummary } from '../../runs/store.ts';

export interface Entry<Run> {
  /** Of its place in the config. */
  readonly path: readonly (string | number)[];
  readonly kind: 'method' | 'seed' | 'point';
  readonly runs: readonly Run[];
}

/** Those that have runs. */
export function entriesOf<Run extends Pick<RunSummary, 'manifest'>>(
  config: Config,
  runs: readonly Run[],
): Entry<Run>[] {
  const { aggregate, seeds, grid = {} } = config;
  const requests = expand(config, [{ init: 0, order: 0 }]);
  const methods = aggregate.map((_, i): Entry<Run> => {
    const labels = requests.flatMap(({ entry, aggregator }) => (entry === i ? aggregator : []));
    return {
      path: ['aggregate', i],
      kind: 'method',
      runs: runs.filter(({ manifest }) => labels.includes(manifest.aggregator)),
    };
  });
  const ofPoints = Object.entries(grid).flatMap(([key, values]) =>
    values.map(
      (value, i): Entry<Run> => ({
        path: ['grid', key, i],
        kind: 'point',
        runs: runs.filter(({ manifest }) => manifest.point?.[gridPath(key)] === value),
      }),
    ),
  );
  const pairs = Array.isArray(seeds) ? seedPairs(seeds) : [];
  const ofSeeds = pairs.map(
    (asked, i): Entry<Run> => ({
      path: ['seeds', i],
      kind: 'seed',
      runs: runs.filter(({ manifest: { seed } }) => formatSeed(seed) === formatSeed(asked)),
    }),
  );
  return [...methods, ...ofPoints, ...ofSeeds].filter((entry) => entry.runs.length > 0);
}
