import { type BlockGram, certifyBlocks } from './blocks.ts';
import {
  diagnose,
  diagnoseGradients,
  effectiveGroups,
  type GradientDiagnostics,
  isStep,
  lengthRatio,
} from './diagnose.ts';
import { type Screening, screen } from './screen.ts';
import type { Diagnostics, MeasuredUpdate, MeasuredVector } from './types.ts';

/** Relative error of an inner product of float32 vectors, accumulated in float32 by parts. */
const FLOAT32_SLACK = 2 ** -20;

/** The logged facts of a step with k groups; a number that was not finite is NaN. */
export interface StepFacts {
  /** Length k. */
  readonly sizes: ArrayLike<number>;
  /** H, k×k row-major; null if unknown. */
  readonly gram: Float64Array | null;
  /** Of d = Σ wᵢgᵢ, length k; with `blocks` an average of theirs; null if d is not a weighted sum. */
  readonly weights: ArrayLike<number> | null;
  /** Where each parameter block has its own weights. */
  readonly blocks?: readonly (BlockGram & { readonly weights: ArrayLike<number> })[];
  /** d, where it is not a weighted sum. */
  readonly direct?: MeasuredVector;
  /** ‖d‖², where gradients were aggregated one after another. */
  readonly streamed?: { readonly norm2: number };
  /** The change of the parameters. */
  readonly update?: MeasuredUpdate;
}

/**
 * Why it is unknown which groups a step conflicts with: gradients were computed one after another (`one-by-one`); the log has
 * no Gram matrix (`no-gram`), or it has neither weights nor measured inner products (`no-weights`).
 */
export type Unmeasured = 'one-by-one' | 'no-gram' | 'no-weights';

type Nullable<T> = { readonly [K in keyof T]: T[K] | null };

/** As `Diagnostics`; null where the facts do not determine a value. */
export interface StepDiagnostics extends Nullable<Diagnostics> {
  readonly unmeasured: Unmeasured | null;
  /**
   * Indices of the groups that the change of the parameters conflicts with: ⟨Δ, gᵢ⟩ < 0 beyond rounding; null if that was not
   * measured, or Δ is not finite.
   */
  readonly updateConflictsWith: readonly number[] | null;
}

/**
 * What the panels show of a step of any aggregator.
 *
 * @throws RangeError for facts whose lengths do not match, as {@link diagnose} does
 */
export function diagnoseStep(facts: StepFacts): StepDiagnostics {
  return { ...directionOf(facts), updateConflictsWith: updateConflictsOf(facts) };
}

function directionOf(facts: StepFacts): Omit<StepDiagnostics, 'updateConflictsWith'> {
  const { gram, weights, sizes, blocks, direct } = facts;
  if (!gram) return withoutGram(facts);
  if (weights && !blocks && !direct) {
    return { ...diagnose({ gram, sizes }, weights), unmeasured: null };
  }
  const groups = screen({ gram, sizes });
  const { meanNorm2, ...gradients } = diagnoseGradients(groups);
  if (blocks) return { ...gradients, ...ofBlocks(blocks, weights, meanNorm2) };
  if (direct) return { ...gradients, ...ofDirect(direct, groups, meanNorm2) };
  return { ...unknown, ...gradients, unmeasured: 'no-weights' };
}

const unknown: Omit<StepDiagnostics, 'updateConflictsWith' | 'unmeasured'> = {
  norm2: null,
  gap: null,
  minCosine: null,
  certified: null,
  conflictsWith: null,
  stationary: null,
  effectiveGroups: null,
  normRatio: null,
  cosines: null,
  conflictRate: null,
  meanConflictRate: null,
  effectiveDimension: null,
};

function withoutGram({ sizes, weights, streamed }: StepFacts) {
  if (weights) assertLength(weights, sizes.length);
  return {
    ...unknown,
    norm2: streamed?.norm2 ?? null,
    effectiveGroups: weights && effectiveGroups(weights),
    unmeasured: streamed ? ('one-by-one' as const) : ('no-gram' as const),
  };
}

type OfDirection = Omit<StepDiagnostics, keyof GradientDiagnostics | 'updateConflictsWith'>;

function ofBlocks(
  blocks: NonNullable<StepFacts['blocks']>,
  weights: StepFacts['weights'],
  meanNorm2: number,
): OfDirection {
  const ofEach = blocks.map((block) => block.weights);
  const { norm2, gap, minCosine, isZero, conflictsWith } = certifyBlocks(blocks, ofEach);
  return {
    norm2,
    gap,
    minCosine,
    certified: Number.isFinite(norm2) && conflictsWith.length === 0,
    conflictsWith,
    stationary: isZero && ofEach.some(isStep),
    effectiveGroups: weights && effectiveGroups(weights),
    normRatio: lengthRatio(norm2, meanNorm2),
    unmeasured: null,
  };
}

/** A d that is not a weighted sum has neither gap nor weights, and may be zero away from stationary points. */
function ofDirect(
  { norm2, inner }: MeasuredVector,
  { k, gram, present }: Screening,
  meanNorm2: number,
): OfDirection {
  assertLength(inner, k);
  const cosines = present.map((i) =>
    norm2 === 0 ? 0 : inner[i]! / Math.sqrt(norm2) / Math.sqrt(gram[i * k + i]!),
  );
  const conflictsWith = present.filter((_, at) => cosines[at]! < -FLOAT32_SLACK);
  const isKnown = Number.isFinite(norm2) && cosines.every(Number.isFinite);
  return {
    norm2,
    gap: null,
    minCosine: cosines.length === 0 ? 0 : Math.max(-1, Math.min(1, ...cosines)),
    certified: isKnown && conflictsWith.length === 0,
    conflictsWith,
    stationary: null,
    effectiveGroups: null,
    normRatio: lengthRatio(norm2, meanNorm2),
    unmeasured: null,
  };
}

/**
 * `updateConflictsWith` of {@link diagnoseStep} alone, which needs no certificate.
 *
 * @throws RangeError for facts whose lengths do not match
 */
export function updateConflictsOf({ sizes, update, gram }: StepFacts): number[] | null {
  if (!update) return null;
  const k = sizes.length;
  assertLength(update.inner, k);
  if (!Number.isFinite(update.norm2)) return null;
  const { rounding = 0 } = update;
  const floorOf = (i: number) => (rounding && gram ? rounding * Math.sqrt(gram[i * k + i]!) : 0);
  return update.inner.flatMap((inner, i) => (inner < -floorOf(i) ? [i] : []));
}

/** @throws RangeError if a list does not have k entries */
function assertLength({ length }: ArrayLike<number>, k: number): void {
  if (length !== k) throw new RangeError(`${length} entries for ${k} groups`);
}
