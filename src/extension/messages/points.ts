/** What panels draw of a step: from the facts that a trainer logged and what the engine derives from them. */
import type { StepDiagnostics, Unmeasured } from '../../engine/diagnoseStep.ts';
import type { GuaranteeState } from '../../engine/guarantee.ts';
import { guaranteeOf } from '../../engine/guarantee.ts';
import type { AggregationSettings } from '../../engine/types.ts';
import type { Fact, StepEvent } from '../../runs/events.ts';
import { meanLoss } from '../../runs/facts.ts';

export interface WeightsPoint {
  readonly step: number;
  /**
   * One per name in `groupNames`; `null` where the group was absent from the step. Negative, or with a sum other than 1, for
   * aggregators that are not convex. All `null` where d is not a weighted sum of the gradients.
   */
  readonly weights: readonly (number | null)[];
  /** `null` where d is not a weighted sum. */
  readonly effectiveGroups: number | null;
}

/** Weights of each parameter block at the latest step, where blocks have their own. */
export interface BlockWeights {
  readonly step: number;
  readonly blocks: readonly {
    readonly name: string;
    /** Share of the block in Σ ‖gᵢ‖², 0…1; `null` if not finite. */
    readonly share: number | null;
    readonly weights: readonly (number | null)[];
  }[];
}

/**
 * Conflict in one step. The first two, which depend on the gradients alone, are `null` where the log has no Gram matrix;
 * what depends on the direction d is `null` where `unmeasured` says why.
 */
export interface ConflictPoint {
  readonly step: number;
  /** Share of pairs with a negative cosine, 0…1. */
  readonly conflictRate: number | null;
  /** Share of groups that the mean would conflict with, 0…1. */
  readonly meanConflictRate: number | null;
  /** ‖d‖/‖ḡ‖; also `null` if ḡ = 0. */
  readonly normRatio: number | null;
  /** Smallest ⟨d, gᵢ⟩ / (‖d‖‖gᵢ‖); also `null` if a gradient with weight is not finite. */
  readonly minCosine: number | null;
  /** Duality gap over ‖d‖²; also `null` if ‖d‖ = 0 or not finite, off the simplex, and where d is not a weighted sum. */
  readonly relativeGap: number | null;
  /** Share of groups that d conflicts with, 0…1. */
  readonly conflictsWith: number | null;
  /** Share of groups that the actual update of the parameters conflicts with, 0…1; `null` where it was not measured. */
  readonly updateConflictsWith: number | null;
  /** True if d is zero to rounding though groups have weight: no direction improves every group. */
  readonly stationary: boolean | null;
  /** State of the aggregator's guarantee to conflict with no group, in the metric of the run. */
  readonly guarantee: GuaranteeState | null;
  /** Why d's inner products with the gradients are unknown; `null` where they are known. */
  readonly unmeasured: Unmeasured | null;
}

/**
 * Cosines between the groups present in the latest step with a Gram matrix: `cosines[i][j]`, `null` where a gradient is
 * zero or not finite.
 */
export interface CosineMatrix {
  readonly step: number;
  readonly groupNames: readonly string[];
  readonly cosines: readonly (readonly (number | null)[])[];
}

/** One step with everything that a panel shows of it. */
export interface MetricsPoint extends ConflictPoint, WeightsPoint {
  /** Mean training loss over the examples of the step; `null` if not finite. */
  readonly loss: number | null;
}

/** A validation's value of one metric; `null` if not finite. */
export interface MetricPoint {
  readonly step: number;
  readonly value: number | null;
}

/**
 * @param aggregation of the run
 * @param groupCount number of groups of the run; a step may contain only some of them
 */
export function pointOf(
  step: StepEvent,
  derived: StepDiagnostics,
  aggregation: AggregationSettings<string>,
  groupCount: number,
): MetricsPoint {
  const { norm2, gap, conflictsWith, updateConflictsWith } = derived;
  return {
    step: step.step,
    weights: byGroup(step, step.weights, groupCount),
    effectiveGroups: derived.effectiveGroups,
    conflictRate: derived.conflictRate,
    meanConflictRate: derived.meanConflictRate,
    normRatio: finite(derived.normRatio),
    minCosine: finite(derived.minCosine),
    relativeGap: gap === null || norm2 === null ? null : finite(gap / norm2),
    conflictsWith: conflictsWith && conflictsWith.length / step.groups.length,
    updateConflictsWith: updateConflictsWith && updateConflictsWith.length / step.groups.length,
    stationary: derived.stationary,
    guarantee: guaranteeOf(aggregation, derived),
    unmeasured: derived.unmeasured,
    loss: finite(meanLoss(step)),
  };
}

/** @returns null if the step has no Gram matrix */
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

/** @returns null unless the step's blocks have their own weights */
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

/** Trace of a k×k matrix given by its upper triangle, row by row. */
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

/** Messages are JSON, which has neither NaN nor infinity. */
function finite(value: number | null): number | null {
  return value !== null && Number.isFinite(value) ? value : null;
}
