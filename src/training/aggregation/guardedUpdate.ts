import * as tf from '@tensorflow/tfjs-core';
import { guard } from '../../engine/guard.ts';
import type { MeasuredVector } from '../../engine/types.ts';
import type { GuardFacts } from '../../runs/events.ts';
import type { AggregatedStep } from './aggregatedStep.ts';
import { measureFromHere } from './products.ts';

interface GuardedUpdate {
  /** Δ = θ before − θ after, corrected, measured against the gradients. */
  readonly update: MeasuredVector;
  /** Absent if nothing had to be corrected: the update is then the optimizer's, bit for bit. */
  readonly guard?: GuardFacts;
}

/**
 * Updates the parameters, then corrects the change by the smallest vector such that no group loses more than its share; see
 * `engine/guard.ts`. The optimizer's state is that of the uncorrected step.
 *
 * @param slack share of ‖Δ‖‖gᵢ‖ that a group may lose, 0…<1
 * @param step its gradients must be in memory: `measure`, `combine` and `gram` are not null, and `gram` is Euclidean
 */
export function guardedUpdate(
  { measure, combine, gram }: AggregatedStep,
  variables: readonly tf.Variable[],
  update: () => void,
  slack: number,
): Promise<GuardedUpdate> {
  return measureFromHere(measure!, variables, async (change) => {
    update();
    const proposed = await change();
    const { inner, norm2 } = proposed;
    const k = inner.length;
    const length = Math.sqrt(norm2);
    const allowed = Float64Array.from({ length: k }, (_, i) =>
      slack === 0 ? 0 : slack * length * Math.sqrt(gram![i * k + i]!),
    );
    const { multipliers, stalled } = guard({ gram: gram!, inner, norm2, allowed });
    if (multipliers.every((multiplier) => multiplier === 0)) return { update: proposed };
    const correction = combine!(multipliers);
    tf.tidy(() => {
      for (const [v, variable] of variables.entries()) {
        variable.assign(tf.sub(variable, correction[v]!));
      }
    });
    tf.dispose([...correction]);
    return {
      update: await change(),
      guard: { proposed, multipliers: Array.from(multipliers), stalled },
    };
  });
}
