/** From the facts a trainer logged, and what the engine derived from them, to the points the panels draw. */
import { unpackGram } from '../../engine/gram.ts';
import type { DiagnoseProblem } from '../../engine/protocol.ts';
import type { Diagnostics } from '../../engine/types.ts';
import type { StepEvent } from '../../runs/events.ts';
import type { ConflictPoint, CosineMatrix } from '../messages/conflict.ts';
import type { MetricsPoint } from '../messages/metrics.ts';
import type { WeightsPoint } from '../messages/weights.ts';

/** What the engine is asked about a step. Throws a RangeError if the lists of the step do not fit together. */
export function problemOf({ gram, sizes, weights, groups }: StepEvent): DiagnoseProblem {
  const k = groups.length;
  if (sizes.length !== k || weights.length !== k) {
    throw new RangeError(`${sizes.length} sizes and ${weights.length} weights for ${k} groups`);
  }
  return { gram: unpackGram(gram, k), sizes, weights };
}

/** @param groupCount number of groups of the run, of which the step may have seen only some */
export function pointOf(step: StepEvent, derived: Diagnostics, groupCount: number): MetricsPoint {
  const weights = new Array<number | null>(groupCount).fill(null);
  for (const [i, group] of step.groups.entries()) weights[group] = step.weights[i]!;
  return {
    step: step.step,
    weights,
    effectiveGroups: derived.effectiveGroups,
    conflictRate: derived.conflictRate,
    meanConflictRate: derived.meanConflictRate,
    normRatio: finite(derived.normRatio),
    minCosine: finite(derived.minCosine),
    relativeGap: finite(derived.gap / derived.norm2),
    certified: derived.certified,
    loss: meanLoss(step),
  };
}

/** Cosines of the groups present in the step, under their own names. */
export function matrixOf(
  step: StepEvent,
  { cosines }: Diagnostics,
  names: readonly string[],
): CosineMatrix {
  const k = step.groups.length;
  return {
    step: step.step,
    groupNames: step.groups.map((group) => names[group] ?? `group ${group}`),
    cosines: Array.from({ length: k }, (_, i) =>
      Array.from(cosines.subarray(i * k, (i + 1) * k), finite),
    ),
  };
}

export function weightsPoint({ step, weights, effectiveGroups }: MetricsPoint): WeightsPoint {
  return { step, weights, effectiveGroups };
}

export function conflictPoint(point: MetricsPoint): ConflictPoint {
  const { step, conflictRate, meanConflictRate, normRatio, minCosine, relativeGap, certified } =
    point;
  return { step, conflictRate, meanConflictRate, normRatio, minCosine, relativeGap, certified };
}

/** Over the examples of the step. */
function meanLoss({ losses, sizes }: StepEvent): number | null {
  let sum = 0;
  let count = 0;
  for (const [i, loss] of losses.entries()) {
    sum += (loss ?? Number.NaN) * sizes[i]!;
    count += sizes[i]!;
  }
  return finite(sum / count);
}

/** JSON, in which messages cross, has no NaN and no infinity. */
function finite(value: number): number | null {
  return Number.isFinite(value) ? value : null;
}
