/** From the facts a trainer logged, and what the engine derived from them, to the points the panels draw. */
import type { StepDiagnostics } from '../../engine/diagnoseStep.ts';
import type { Fact, StepEvent } from '../../runs/events.ts';
import type { Aggregation } from '../../runs/manifest.ts';
import { guaranteeOf } from '../../runs/promise.ts';
import type { ConflictPoint, CosineMatrix } from '../messages/conflict.ts';
import type { MetricsPoint } from '../messages/metrics.ts';
import type { BlockWeights, WeightsPoint } from '../messages/weights.ts';

/**
 * @param aggregation how the run aggregates
 * @param groupCount number of groups of the run, of which the step may have seen only some
 */
export function pointOf(
  step: StepEvent,
  derived: StepDiagnostics,
  aggregation: Aggregation,
  groupCount: number,
): MetricsPoint {
  const { norm2, gap, against, updateAgainst } = derived;
  return {
    step: step.step,
    weights: byGroup(step, step.weights, groupCount),
    effectiveGroups: derived.effectiveGroups,
    conflictRate: derived.conflictRate,
    meanConflictRate: derived.meanConflictRate,
    normRatio: finite(derived.normRatio),
    minCosine: finite(derived.minCosine),
    relativeGap: gap === null || norm2 === null ? null : finite(gap / norm2),
    certified: derived.certified,
    against: against && against.length / step.groups.length,
    updateAgainst: updateAgainst && updateAgainst.length / step.groups.length,
    stationary: derived.stationary,
    guarantee: guaranteeOf(aggregation, derived),
    unmeasured: derived.unmeasured,
    loss: meanLoss(step),
  };
}

/** Cosines of the groups present in the step, under their own names; null if the step has no Gram matrix. */
export function matrixOf(
  step: StepEvent,
  { cosines }: StepDiagnostics,
  names: readonly string[],
): CosineMatrix | null {
  if (!cosines) return null;
  const k = step.groups.length;
  return {
    step: step.step,
    groupNames: step.groups.map((group) => names[group] ?? `group ${group}`),
    cosines: Array.from({ length: k }, (_, i) =>
      Array.from(cosines.subarray(i * k, (i + 1) * k), finite),
    ),
  };
}

/** Weights of the step's blocks, if they have their own. */
export function blockWeightsOf(step: StepEvent, groupCount: number): BlockWeights | null {
  if (!step.blocks) return null;
  const traces = step.blocks.map(({ gram }) => traceOf(gram, step.groups.length));
  const total = traces.reduce((sum, trace) => sum + trace, 0);
  return {
    step: step.step,
    blocks: step.blocks.map(({ name, weights }, b) => ({
      name,
      share: finite(traces[b]! / total),
      weights: byGroup(step, weights, groupCount),
    })),
  };
}

/** Of a matrix given by its upper triangle. */
function traceOf(gram: readonly Fact[], k: number): number {
  return Array.from({ length: k }, (_, i) => i * k - (i * (i - 1)) / 2).reduce(
    (sum, at) => sum + (gram[at] ?? Number.NaN),
    0,
  );
}

function byGroup(
  { groups }: StepEvent,
  weights: readonly number[] | null,
  groupCount: number,
): (number | null)[] {
  const ofAll = new Array<number | null>(groupCount).fill(null);
  for (const [i, group] of groups.entries()) ofAll[group] = weights?.[i] ?? null;
  return ofAll;
}

export function weightsPoint({ step, weights, effectiveGroups }: MetricsPoint): WeightsPoint {
  return { step, weights, effectiveGroups };
}

export function conflictPoint({
  weights,
  effectiveGroups,
  loss,
  ...point
}: MetricsPoint): ConflictPoint {
  return point;
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
function finite(value: number | null): number | null {
  return value !== null && Number.isFinite(value) ? value : null;
}
