/** What makes a comparison of methods fair: controls beside them, and a learning rate of each one's own. */
import * as z from 'zod';
import type { ZeroGroupPolicy } from '../engine/types.ts';
import { type AggregateEntry, aggregationLabel, resolvedAggregation } from './aggregation.ts';
import type { WrittenTechniques } from './techniques/schema.ts';

export const controlsSchema = z
  .boolean()
  .default(false)
  .describe(
    'Adds to `aggregate` what a claim about an aggregator must be held against, where it is missing: `mean`, and `mean-norm-matched`, `inverse-norm` and `normalized-mean`, which have the norms of GRAIN and of the groups without its directions.',
  );

export const tuneSchema = z
  .strictObject({
    learningRates: z
      .array(z.number().positive())
      .min(2)
      .describe('The learning rates that every method is tried with.'),
    seeds: z.int().min(1).max(100).default(2).describe('Seeds for each of them, none of `seeds`.'),
  })
  .optional()
  .describe(
    'Tunes every method with the same small budget before the runs: the learning rate with the best mean of the metric that ranks checkpoints replaces `optimizer.learningRate`, so that no method wins by the default of another.',
  );

/** Tuning has seeds that no other run has. */
const FIRST_TUNING_SEED = 1_000_000;

export function tuningSeeds(count: number): number[] {
  return Array.from({ length: count }, (_, i) => FIRST_TUNING_SEED + i);
}

const CONTROLS = ['mean', 'mean-norm-matched', 'inverse-norm', 'normalized-mean'] as const;

interface Controlled {
  readonly controls: boolean;
  readonly aggregate: readonly AggregateEntry[];
  readonly zeroGroups: ZeroGroupPolicy;
  readonly techniques?: WrittenTechniques | undefined;
}

/** How many runs a method is tuned by. */
export function tuningRuns(tune: z.infer<typeof tuneSchema>): number {
  return tune ? tune.learningRates.length * tune.seeds : 0;
}

/** With the entries of `aggregate` that `controls` stands for. */
export function withControls<C extends Controlled>(config: C): C {
  if (!config.controls) return config;
  const { aggregate, zeroGroups, techniques } = config;
  const labels = aggregate.map((entry) =>
    aggregationLabel(resolvedAggregation(entry, zeroGroups, techniques), zeroGroups, techniques),
  );
  return {
    ...config,
    aggregate: [...aggregate, ...CONTROLS.filter((name) => !labels.includes(name))],
  };
}
