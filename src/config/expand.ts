import type { AggregationSettings } from '../engine/types.ts';
import { aggregationLabel, resolvedAggregation } from './aggregation.ts';
import type { Config } from './schema.ts';
import { type SeedPair, seedPairs } from './seeds.ts';

/** One run that a config asks for. */
export interface RunRequest {
  /** Label of its aggregation; see `aggregationLabel`. */
  readonly aggregator: string;
  readonly aggregation: AggregationSettings;
  /** Index of its entry in `aggregate`. */
  readonly entry: number;
  readonly seed: SeedPair;
  readonly config: Config;
}

/** The runs of a config, seed by seed, so that the first two can already be compared. @param seeds in place of the config's */
export function expand(
  config: Config,
  seeds: readonly SeedPair[] = seedPairs(config.seeds),
): RunRequest[] {
  const aggregations = config.aggregate.map((entry) =>
    resolvedAggregation(entry, config.zeroGroups, config.techniques),
  );
  return seeds.flatMap((seed) =>
    aggregations.map((aggregation, entry) => ({
      aggregator: aggregationLabel(aggregation, config.zeroGroups, config.techniques),
      aggregation,
      entry,
      seed,
      config,
    })),
  );
}
