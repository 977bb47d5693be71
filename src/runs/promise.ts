import { knownAggregator } from '../engine/aggregators/registry.ts';
import { type GuaranteeState, guaranteeState } from '../engine/guarantee.ts';
import type { AggregatorName } from '../engine/types.ts';
import type { RecordedAggregation } from './manifest.ts';

/**
 * What became, in one step, of the promise that the aggregator makes of d, in the metric of the aggregation.
 *
 * @param step its diagnostics
 * @returns null for an aggregator, or parameters of it, that this version does not know, as another trainer's
 */
export function guaranteeOf(
  { name, parameters, smoothing }: RecordedAggregation,
  step: { readonly certified: boolean | null },
): GuaranteeState | null {
  if (!knownAggregator(name)) return null;
  try {
    return guaranteeState({ name: name as AggregatorName, parameters, smoothing }, step);
  } catch (error) {
    if (error instanceof RangeError) return null;
    throw error;
  }
}
