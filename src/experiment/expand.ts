import type { AggregatorName } from '../engine/types.ts';
import type { Config } from './config.ts';

/** One run that a config asks for. */
export interface RunRequest {
  readonly aggregator: AggregatorName;
  readonly seed: { readonly init: number; readonly order: number };
  readonly config: Config;
}

/** The runs of a config, seed by seed: with the first two there is something to compare. */
export function expand(config: Config): RunRequest[] {
  return config.seeds.flatMap((seed) =>
    config.aggregate.map((aggregator) => ({
      aggregator,
      seed: typeof seed === 'number' ? { init: seed, order: seed } : seed,
      config,
    })),
  );
}
