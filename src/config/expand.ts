import type { AggregationSettings } from '../engine/types.ts';
import { aggregationLabel, resolvedAggregation } from './aggregation.ts';
import { configAt, labelAt, type Point, pointLabel, pointsOf } from './points.ts';
import type { Config } from './schema.ts';
import { type SeedPair, seedPairs } from './seeds.ts';

/** One run that a config asks for. */
export interface RunRequest {
  /** Label of its method: that of its aggregation, and of its point in the grid. */
  readonly aggregator: string;
  readonly aggregation: AggregationSettings;
  /** Index of its entry in `aggregate`. */
  readonly entry: number;
  readonly seed: SeedPair;
  /** Of the grid; empty without one. */
  readonly point: Point;
  /** At that point. */
  readonly config: Config;
}

/** The runs of a config, seed by seed and point by point, so that the first two can already be compared. @param seeds in place of the config's */
export function expand(
  config: Config,
  seeds: readonly SeedPair[] = seedPairs(config.seeds),
): RunRequest[] {
  const methods = pointsOf(config).flatMap((point) => methodsAt(point, configAt(config, point)));
  return seeds.flatMap((seed) => methods.map((method) => ({ ...method, seed })));
}

/** @param config at the point */
function methodsAt(point: Point, config: Config): Omit<RunRequest, 'seed'>[] {
  const { aggregate, zeroGroups, techniques } = config;
  return aggregate.map((written, entry) => {
    const aggregation = resolvedAggregation(written, zeroGroups, techniques);
    const label = aggregationLabel(aggregation, zeroGroups, techniques);
    return { aggregator: labelAt(label, pointLabel(point)), aggregation, entry, point, config };
  });
}
