/** The entries of `aggregate` and `seeds` in a config, and which runs of a launch are theirs. */
import { aggregationLabel, resolvedAggregation } from '../../config/aggregation.ts';
import type { Config } from '../../config/schema.ts';
import { seedPairs } from '../../config/seeds.ts';
import { formatSeed } from '../../runs/format.ts';
import type { RunSummary } from '../../runs/store.ts';

export interface Entry<Run> {
  /** Of its place in the config. */
  readonly path: readonly (string | number)[];
  readonly kind: 'method' | 'seed';
  readonly runs: readonly Run[];
}

/** Those that have runs. */
export function entriesOf<Run extends Pick<RunSummary, 'manifest'>>(
  { aggregate, zeroGroups, techniques, seeds }: Config,
  runs: readonly Run[],
): Entry<Run>[] {
  const methods = aggregate.map((entry, i): Entry<Run> => {
    const settings = resolvedAggregation(entry, zeroGroups, techniques);
    const method = aggregationLabel(settings, zeroGroups, techniques);
    return {
      path: ['aggregate', i],
      kind: 'method',
      runs: runs.filter(({ manifest }) => manifest.aggregator === method),
    };
  });
  const pairs = Array.isArray(seeds) ? seedPairs(seeds) : [];
  const ofSeeds = pairs.map(
    (asked, i): Entry<Run> => ({
      path: ['seeds', i],
      kind: 'seed',
      runs: runs.filter(({ manifest: { seed } }) => formatSeed(seed) === formatSeed(asked)),
    }),
  );
  return [...methods, ...ofSeeds].filter((entry) => entry.runs.length > 0);
}
