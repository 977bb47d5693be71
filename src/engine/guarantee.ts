import { resolveChoice } from './choice.ts';
import type { AggregatorChoice, AggregatorName } from './types.ts';

/**
 * What became, in one step, of the promise to step against no group.
 * - `none`: the aggregator does not make it.
 * - `lost`: it does, but what is done to its weights or gradient takes it back.
 * - `unmeasured`: it does, but what was logged of the step does not show whether it was kept.
 * - `kept`, `broken`: what the certificate shows of a promise that holds.
 */
export type GuaranteeState = 'none' | 'lost' | 'unmeasured' | 'kept' | 'broken';

/**
 * @param step the diagnostics of the step; `certified` null: not measured
 * @param foreignMetric true if the Gram matrix was taken in another metric than the step, as when an optimizer rescales
 * coordinates afterwards
 * @throws RangeError for a choice that does not exist
 */
export function guaranteeState(
  choice: AggregatorName | AggregatorChoice,
  step: { readonly certified: boolean | null },
  foreignMetric = false,
): GuaranteeState {
  const { description, smoothing } = resolveChoice(choice);
  if (!description.properties.nonConflicting) return 'none';
  if (smoothing > 0 || foreignMetric) return 'lost';
  if (step.certified === null) return 'unmeasured';
  return step.certified ? 'kept' : 'broken';
}
