/** The series that panels draw, of one step: from its facts and what the engine derives from them. */
import { quantileSorted } from 'simple-statistics';
import type { StepDiagnostics } from '../../engine/diagnoseStep.ts';
import { guaranteeOf } from '../../engine/guarantee.ts';
import type { AggregationSettings } from '../../engine/types.ts';
import type { StepEvent } from '../../runs/events.ts';
import { meanLoss } from '../../runs/facts.ts';
import type { SeriesName } from '../messages/columns.ts';
import type { Groups } from '../messages/run.ts';

/** `null` where a value is unknown; NaN or infinite where it was measured, and is not finite. */
export type StepSeries = Partial<Record<SeriesName, number | null>>;

/** Groups that are the same in every step have a series each. */
export function stepSeries(
  step: StepEvent,
  derived: StepDiagnostics,
  aggregation: AggregationSettings<string>,
  { lasting }: Groups,
): StepSeries {
  const k = step.groups.length;
  const share = (groups: readonly number[] | null) => groups && groups.length / k;
  return {
    loss: meanLoss(step),
    learningRate: step.learningRate,
    meanNorm: meanNorm(step),
    norm: derived.norm2 && Math.sqrt(derived.norm2),
    normRatio: derived.normRatio,
    minCosine: derived.minCosine,
    conflictRate: derived.conflictRate,
    meanConflict: derived.meanConflictRate,
    directionConflict: share(derived.conflictsWith),
    updateConflict: share(derived.updateConflictsWith),
    violated: Number(guaranteeOf(aggregation, derived) === 'violated'),
    effectiveGroups: derived.effectiveGroups,
    ...orderStatistics(step.weights),
    ...costs(step),
    ...(lasting && ofGroups(step)),
  };
}

/** Of the weights of the groups present in a step: whichever groups those are. */
function orderStatistics(weights: readonly number[] | null): StepSeries {
  if (!weights || weights.length === 0) return {};
  const sorted = weights.toSorted((a, b) => a - b);
  return {
    weightMin: sorted[0]!,
    weightLowerQuartile: quantileSorted(sorted, 0.25),
    weightMedian: quantileSorted(sorted, 0.5),
    weightUpperQuartile: quantileSorted(sorted, 0.75),
    weightMax: sorted.at(-1)!,
    weightZeros: weights.filter((weight) => weight === 0).length / weights.length,
  };
}

function costs({ ms, memory, sizes }: StepEvent): StepSeries {
  return {
    examples: sizes.reduce((sum, size) => sum + size, 0),
    gradientsMs: ms.gradients,
    aggregateMs: ms.aggregate,
    updateMs: ms.update,
    resident: memory?.resident ?? null,
    tensors: memory?.tensors ?? null,
  };
}

function ofGroups({ groups, weights, gram }: StepEvent): StepSeries {
  const k = groups.length;
  const series: StepSeries = {};
  for (const [i, group] of groups.entries()) {
    series[`groupWeight/${group}`] = weights?.[i] ?? null;
    if (gram) series[`groupNorm/${group}`] = Math.sqrt(gram[diagonal(i, k)] ?? Number.NaN);
  }
  return series;
}

/** ‖ḡ‖ of the mean over all examples, ḡ = Σ (sizeᵢ/Σ sizes) gᵢ: its square is pᵀHp. */
function meanNorm({ gram, sizes }: StepEvent): number | null {
  if (!gram) return null;
  const total = sizes.reduce((sum, size) => sum + size, 0);
  let norm2 = 0;
  let at = 0;
  for (const [i, size] of sizes.entries()) {
    for (const [j, other] of sizes.entries()) {
      if (j < i) continue;
      norm2 += (i === j ? 1 : 2) * size * other * (gram[at++] ?? Number.NaN);
    }
  }
  return Math.sqrt(Math.max(0, norm2)) / total;
}

/** Place of Hᵢᵢ in the upper triangle of a k×k matrix, row by row. */
function diagonal(i: number, k: number): number {
  return i * k - (i * (i - 1)) / 2;
}
