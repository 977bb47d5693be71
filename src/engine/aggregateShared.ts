import { aggregate } from './aggregate.ts';
import type { SharedKernels } from './kernels/sharedKernels.ts';
import type { Calls, SharedAggregation } from './protocol.ts';
import type { AggregationResult } from './types.ts';

/**
 * Gram matrix and weights of gradients in shared memory; their combination is written there.
 *
 * Errors of float32 in the Gram matrix must not invalidate a guarantee: if they could exceed ⟨d, gᵢ⟩ ≥ ‖d‖², everything is
 * computed again in float64.
 */
export async function aggregateShared(
  kernels: SharedKernels,
  { shards, aggregator, options }: Calls['aggregateShared']['request'],
): Promise<SharedAggregation> {
  let { gram, error } = await kernels.gram(shards);
  let aggregation = aggregate({ ...options, gram }, aggregator);
  if (isWithin(error, gram, aggregation)) {
    gram = await kernels.exactGram(shards);
    aggregation = aggregate({ ...options, gram }, aggregator);
  }
  await kernels.combine(shards, aggregation.weights);
  return { ...aggregation, gram };
}

/** Whether ‖d‖² is less than what errors of ε·‖gᵢ‖‖gⱼ‖ make of some ⟨d, gᵢ⟩: ε·Σⱼ|wⱼ|‖gⱼ‖·maxᵢ‖gᵢ‖. */
function isWithin(
  epsilon: number,
  gram: Float64Array,
  { weights, norm2 }: Pick<AggregationResult, 'weights' | 'norm2'>,
): boolean {
  const norms = weights.map((_, i) => Math.sqrt(gram[i * weights.length + i]!));
  const length = weights.reduce((sum, weight, i) => sum + Math.abs(weight) * norms[i]!, 0);
  return norm2 < epsilon * length * Math.max(...norms);
}
