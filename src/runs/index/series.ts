/** What is drawn of a step as one number each: from its facts and from what the engine derives of them. */
import { quantileSorted } from 'simple-statistics';
import type { StepDiagnostics } from '../../engine/diagnoseStep.ts';
import { unpackGram } from '../../engine/gram.ts';
import { guaranteeOf } from '../../engine/guarantee.ts';
import type { StepEvent } from '../events.ts';
import { countsOf, meanLoss } from '../facts.ts';
import { hasLastingGroups, type RunManifest } from '../manifest.ts';

/** Of any run. Shares are 0…1. */
export const runSeries = [
  /** Mean training loss over the examples. */
  'loss',
  'learningRate',
  /** ‖ḡ‖, of the mean over the examples; ‖d‖, of the direction; and ‖d‖/‖ḡ‖. */
  'meanNorm',
  'norm',
  'normRatio',
  /** ‖Δ‖, of the change of the parameters. */
  'updateNorm',
  /** Smallest ⟨d, gᵢ⟩ / (‖d‖‖gᵢ‖). */
  'minCosine',
  /** Share of pairs of groups with a negative cosine. */
  'conflictRate',
  /** Share of groups that the mean, the direction and the update conflict with. */
  'meanConflict',
  'directionConflict',
  'updateConflict',
  /** 1 where the aggregator's guarantee did not hold, 0 where it held. */
  'violated',
  /** 1 where d is zero to rounding, else 0. */
  'stationary',
  'effectiveGroups',
  /** Duality gap over ‖d‖². */
  'relativeGap',
  /** Order statistics of the weights. */
  'weightMax',
  'weightUpperQuartile',
  'weightMedian',
  'weightLowerQuartile',
  'weightMin',
  /** Share of weights that are 0. */
  'weightZeros',
  /** Examples, tokens of texts, and groups, in the step. */
  'examples',
  'tokens',
  'groups',
  /** Wall time in milliseconds. */
  'gradientsMs',
  'aggregateMs',
  'updateMs',
  /** Peaks in bytes. */
  'resident',
  'tensors',
  /** Sampled about every 10 seconds, not known in the steps between: bytes of the GPU's memory in use, and shares of the cores and of the GPU's time. */
  'deviceMemory',
  'processorUse',
  'deviceUse',
] as const;

/** Of each group, where groups are the same in every step. */
export const groupSeries = ['groupLoss', 'groupWeight', 'groupNorm', 'groupCosine'] as const;

export type RunSeries = (typeof runSeries)[number];
export type GroupSeries = (typeof groupSeries)[number];
/** "loss", "groupWeight/3": the last for the group with index 3 in `manifest.groups.names`. */
export type SeriesName = RunSeries | `${GroupSeries}/${number}`;

/** Groups beyond have no series of their own: nobody can tell so many lines apart. */
const MOST_GROUPS = 64;

/** The series of a run, in the order of the index's records. */
export function seriesOf(manifest: Pick<RunManifest, 'groups'>): readonly SeriesName[] {
  const groups = Array.from({ length: groupsWithSeries(manifest) }, (_, group) => group);
  return [
    ...runSeries,
    ...groups.flatMap((group) => groupSeries.map((name): SeriesName => `${name}/${group}`)),
  ];
}

function groupsWithSeries(manifest: Pick<RunManifest, 'groups'>): number {
  return hasLastingGroups(manifest) ? Math.min(manifest.groups.names.length, MOST_GROUPS) : 0;
}

/**
 * The values of a step's series, in the order of {@link seriesOf}: NaN where one is not known, or does not apply; Infinity where
 * it is known not to be finite.
 *
 * @param derived null where the facts of the step do not match each other
 */
export function valuesOf(
  event: StepEvent,
  derived: StepDiagnostics | null,
  manifest: Pick<RunManifest, 'groups' | 'aggregation'>,
): Float64Array {
  const values = new Float64Array(
    runSeries.length + groupSeries.length * groupsWithSeries(manifest),
  ).fill(Number.NaN);
  const ofRun = runValues(event, derived, manifest);
  for (const [at, name] of runSeries.entries()) values[at] = numberOf(ofRun[name]);
  if (values.length > runSeries.length) setGroupValues(values, event, derived);
  return values;
}

/** Null: not known. A number that is not finite stands for itself. */
type Values<Name extends string> = Readonly<Record<Name, number | null>>;

function runValues(
  event: StepEvent,
  derived: StepDiagnostics | null,
  { aggregation }: Pick<RunManifest, 'aggregation'>,
): Values<RunSeries> {
  const { groups, sizes, gram, update, ms, memory, device } = event;
  const k = groups.length;
  const shareOf = (list: readonly number[] | null | undefined) => (list ? list.length / k : null);
  const guarantee = derived && guaranteeOf(aggregation, derived);
  const { norm2 = null, gap = null, stationary = null } = derived ?? {};
  return {
    loss: meanLoss(event),
    learningRate: event.learningRate,
    meanNorm: derived && gram ? meanNormOf(unpackGram(gram, k), countsOf(event)) : null,
    norm: norm2 && Math.sqrt(norm2),
    normRatio: derived?.normRatio ?? null,
    updateNorm: update ? Math.sqrt(update.norm2 ?? Number.NaN) : null,
    minCosine: derived?.minCosine ?? null,
    conflictRate: derived?.conflictRate ?? null,
    meanConflict: derived?.meanConflictRate ?? null,
    directionConflict: shareOf(derived?.conflictsWith),
    updateConflict: shareOf(derived?.updateConflictsWith),
    violated: guarantee === 'violated' ? 1 : guarantee === 'held' ? 0 : null,
    stationary: stationary === null ? null : Number(stationary),
    effectiveGroups: derived?.effectiveGroups ?? null,
    // Off the simplex the gap is infinite, and without a direction there is nothing to divide by: neither is a failure.
    relativeGap: gap !== null && norm2 && Number.isFinite(gap / norm2) ? gap / norm2 : null,
    ...weightValues(event.weights),
    examples: sizes.reduce((sum, size) => sum + size, 0),
    tokens: event.tokens ?? null,
    groups: k,
    gradientsMs: ms.gradients,
    aggregateMs: ms.aggregate,
    updateMs: ms.update,
    resident: memory?.resident ?? null,
    tensors: memory?.tensors ?? null,
    deviceMemory: device?.memory?.used ?? null,
    processorUse: device?.processor ?? null,
    deviceUse: device?.utilization ?? null,
  };
}

type WeightSeries = Extract<RunSeries, `weight${string}`>;

function weightValues(weights: StepEvent['weights']): Values<WeightSeries> {
  if (!weights || weights.length === 0) return withoutWeights;
  const sorted = Float64Array.from(weights).sort();
  const at = (share: number) => quantileSorted(sorted as unknown as number[], share);
  return {
    weightMax: at(1),
    weightUpperQuartile: at(0.75),
    weightMedian: at(0.5),
    weightLowerQuartile: at(0.25),
    weightMin: at(0),
    weightZeros: weights.filter((weight) => weight === 0).length / weights.length,
  };
}

const withoutWeights: Values<WeightSeries> = {
  weightMax: null,
  weightUpperQuartile: null,
  weightMedian: null,
  weightLowerQuartile: null,
  weightMin: null,
  weightZeros: null,
};

/** ‖ḡ‖ of the mean over the examples: √(sᵀHs) with the shares s of the groups. */
function meanNormOf(gram: Float64Array, sizes: readonly number[]): number {
  const total = sizes.reduce((sum, size) => sum + size, 0);
  const inner = productOf(gram, sizes);
  const norm2 = sizes.reduce((sum, size, i) => sum + (size === 0 ? 0 : size * inner[i]!), 0);
  return Math.sqrt(Math.max(norm2, 0)) / total;
}

/** Hw, leaving out groups without weight, which may not be finite. */
function productOf(gram: Float64Array, weights: readonly number[]): number[] {
  const k = weights.length;
  return weights.map((_, i) =>
    weights.reduce((sum, weight, j) => sum + (weight === 0 ? 0 : weight * gram[i * k + j]!), 0),
  );
}

function setGroupValues(
  values: Float64Array,
  event: StepEvent,
  derived: StepDiagnostics | null,
): void {
  const { groups, losses, weights, direct } = event;
  const k = groups.length;
  const gram = derived && event.gram && unpackGram(event.gram, k);
  // Where blocks have weights of their own, their mean is not the weights of d.
  const isSum = weights && !event.blocks && !direct;
  const inner = direct?.inner ?? (gram && isSum ? productOf(gram, weights) : null);
  const length = derived?.norm2 ? Math.sqrt(derived.norm2) : null;
  for (const [i, group] of groups.entries()) {
    const at = runSeries.length + groupSeries.length * group;
    if (!Number.isInteger(group) || group < 0 || at >= values.length) continue;
    const norm = gram && Math.sqrt(gram[i * k + i]!);
    const of: Values<GroupSeries> = {
      groupLoss: losses[i] ?? Number.NaN,
      groupWeight: weights?.[i] ?? null,
      groupNorm: norm,
      groupCosine: inner && length && norm ? (inner[i] ?? Number.NaN) / length / norm : null,
    };
    for (const [s, name] of groupSeries.entries()) values[at + s] = numberOf(of[name]);
  }
}

/** In records NaN says that a value is not known, and Infinity that it is not finite. */
function numberOf(value: number | null): number {
  if (value === null) return Number.NaN;
  return Number.isFinite(value) ? value : Number.POSITIVE_INFINITY;
}
