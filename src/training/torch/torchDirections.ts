/** Directions that the child makes, because no weights of all gradients together say what they are. */
import type { ReplyOf } from '../../backends/torch/messages.ts';
import type { TorchProcess } from '../../backends/torch/torchProcess.ts';
import { screen } from '../../engine/screen.ts';
import type { AggregatorChoice, ZeroGroupPolicy } from '../../engine/types.ts';
import { warningsOfGroups } from '../../engine/unusableGroups.ts';
import { type Arrival, combineArrivals } from '../aggregation/arrivals.ts';
import { row } from './torchNetwork.ts';
import type { Decision } from './torchStep.ts';

/**
 * `grain-streaming`: the child has d and one gradient.
 *
 * @param groups computes one group's gradient, which replaces the one before
 * @throws ZeroGroupError under the policy `error`
 */
export async function byArrival(
  process: TorchProcess,
  groups: readonly (() => Promise<ReplyOf<'gradients'>>)[],
  zeroGroups: ZeroGroupPolicy,
): Promise<Decision> {
  async function* arrivals(): AsyncGenerator<Arrival> {
    for (const gradient of groups) {
      const { losses, grams } = await gradient();
      const { inner } = await process.call('meet', {});
      yield { loss: losses.values[0]!, norm2: grams.values[0]!, inner: inner.values[0]! };
    }
  }
  const { arrivals: streaming, ...combined } = await combineArrivals(
    {
      arrivals: arrivals(),
      move: async (share) => (await process.call('move', { share })).norm2.values[0]!,
    },
    zeroGroups,
  );
  const isSkipped = combined.weights.every((weight) => weight === 0);
  return { ...combined, streaming, gram: null, rows: isSkipped ? combined.weights : null };
}

/** GradDrop. @param gram k×k */
export async function byCoordinates(
  process: TorchProcess,
  gram: Float64Array,
  { leak }: NonNullable<AggregatorChoice['parameters']>,
  seed: number,
): Promise<Omit<Decision, 'losses'>> {
  const screening = screen({ gram });
  const { k, zero, present } = screening;
  const warnings = [...warningsOfGroups(screening, 'keep')];
  const finite = [...zero, ...present].sort((a, b) => a - b);
  if (finite.length === 0) {
    const direct = { norm2: 0, inner: Array.from({ length: k }, () => 0) };
    return { gram, weights: null, rows: new Float64Array(k), direct, warnings };
  }
  const { inner, norm2 } = await process.call('dropSigns', {
    groups: row(Int32Array.from(finite)),
    leak: leak!,
    seed,
  });
  const direct = { norm2: norm2.values[0]!, inner: Array.from(inner.values) };
  return { gram, weights: null, rows: null, direct, warnings };
}
