import type { AggregatorDescription } from './aggregators/description.ts';
import { knownAggregator } from './aggregators/registry.ts';
import { resolveChoice } from './choice.ts';
import type { AggregationSettings } from './types.ts';

/**
 * Whether a step met the guarantee that it conflicts with no group.
 * - `none`: the aggregator does not give it.
 * - `lost`: the aggregator gives it, but loses it by smoothing of the weights.
 * - `unmeasured`: the aggregator gives it, but the logged facts do not show whether it held.
 * - `held`, `violated`: what the certificate shows.
 */
export type GuaranteeState = 'none' | 'lost' | 'unmeasured' | 'held' | 'violated';

type GuaranteeSettings = Pick<AggregationSettings<string>, 'name' | 'parameters' | 'smoothing'>;

/** Whether the update can be guarded, for which the gradients of all groups are kept until then. */
export function canBeGuarded({ decidedBy }: AggregatorDescription): boolean {
  return decidedBy !== 'arrival';
}

/** Whether the gradients of all groups stay in memory until the update without a guard: it can then be measured against them. */
export function keepsGradients({ decidedBy }: AggregatorDescription): boolean {
  return decidedBy === 'gram' || decidedBy === 'coordinates';
}

/**
 * The state of the guarantee in one step, in the metric of the aggregation.
 *
 * @param step the diagnostics of the step; `certified` null: not measured
 * @returns null for an aggregator or parameters that are not in the registry, as in the log of another trainer
 */
export function guaranteeOf(
  { name, parameters, smoothing }: GuaranteeSettings,
  step: { readonly certified: boolean | null },
): GuaranteeState | null {
  const description = knownAggregator(name);
  if (!description) return null;
  try {
    resolveChoice({ name: description.name, parameters, smoothing });
  } catch (error) {
    if (error instanceof RangeError) return null;
    throw error;
  }
  if (!description.properties.nonConflicting) return 'none';
  if (smoothing > 0) return 'lost';
  if (step.certified === null) return 'unmeasured';
  return step.certified ? 'held' : 'violated';
}
