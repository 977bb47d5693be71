import { guard } from '../../engine/guard.ts';
import type { MeasuredUpdate, MeasuredVector } from '../../engine/types.ts';
import type { GuardFacts } from '../../runs/events.ts';

/**
 * A correction is computed in float32: where groups are nearly opposite it is a short sum of long terms, and what rounding leaves
 * is corrected again.
 */
const PASSES = 3;

/** A change Δ of the parameters, which can be measured against the groups' gradients and corrected. */
export interface Change {
  /** ‖Δ‖² and ⟨Δ, gᵢ⟩. */
  measure(): Promise<MeasuredVector>;
  /**
   * ‖Δ‖² in the metric M of the Gram matrix GM⁻¹Gᵀ, in which |⟨Δ, gᵢ⟩| ≤ ‖Δ‖√Hᵢᵢ.
   *
   * @param measured the change as it is now
   */
  norm2InMetric(measured: MeasuredVector): Promise<number>;
  /** 2⁻²⁴‖θ‖ in that metric: the length of what storing the parameters in float32 may have added to Δ. */
  rounding(): Promise<number>;
  /** Adds M⁻¹Σ λᵢgᵢ to Δ. */
  add(multipliers: Float64Array): Promise<void>;
}

interface GuardedChange {
  readonly update: MeasuredUpdate;
  /** Absent if the change was left as it was, bit for bit. */
  readonly guard?: GuardFacts;
}

/**
 * Corrects a change of the parameters that conflicts with a group beyond rounding, by the smallest vector in the metric of the
 * Gram matrix such that no group loses more than its share; see `engine/guard.ts`.
 *
 * @param change as the optimizer made it, whose state is not corrected
 * @param gram H, k×k row-major, in the metric of `change`
 * @param slack share of ‖Δ‖‖gᵢ‖ that a group may lose, 0…<1
 */
export async function guardChange(
  change: Change,
  gram: Float64Array,
  slack: number,
): Promise<GuardedChange> {
  const rounding = await change.rounding();
  const proposed = await change.measure();
  const k = proposed.inner.length;
  const norms = Array.from({ length: k }, (_, i) => Math.sqrt(gram[i * k + i]!));
  let known: { readonly of: MeasuredVector; readonly norm2: number } | undefined;
  /** ‖Δ‖² in the metric takes two passes over all parameters: once for each measured change. */
  const norm2Of = async (of: MeasuredVector) => {
    if (known?.of !== of) known = { of, norm2: await change.norm2InMetric(of) };
    return known.norm2;
  };
  const allowed = slack && slack * Math.sqrt(await norm2Of(proposed));
  const isFine = ({ inner }: MeasuredVector) =>
    !inner.some((product, i) => product < -(allowed + rounding) * norms[i]!);

  let measured = proposed;
  let stalled = false;
  const total = new Float64Array(k);
  for (let pass = 0; pass < PASSES && !isFine(measured); pass++) {
    const { inner } = measured;
    const { multipliers, ...corrected } = guard({
      gram,
      inner,
      norm2: await norm2Of(measured),
      allowed: norms.map((norm) => allowed * norm),
    });
    if (multipliers.every((multiplier) => multiplier === 0)) break;
    await change.add(multipliers);
    for (const [i, multiplier] of multipliers.entries()) total[i]! += multiplier;
    stalled ||= corrected.stalled;
    measured = await change.measure();
  }
  const update = { ...measured, rounding };
  if (measured === proposed) return { update };
  // The engine sees it only in an exact Gram matrix.
  stalled ||= (await norm2Of(measured)) <= rounding ** 2;
  return { update, guard: { proposed, multipliers: Array.from(total), stalled } };
}
