import { shares } from './aggregators/mean.ts';
import { certify } from './certificate.ts';
import { type Screening, screen } from './screen.ts';
import type { Diagnostics, Problem } from './types.ts';

/** How the gradients of a step relate to each other, regardless of the weights. */
export type GradientDiagnostics = Pick<
  Diagnostics,
  'cosines' | 'conflictRate' | 'meanConflictRate' | 'effectiveDimension'
> & {
  /** ‖ḡ‖². */
  readonly meanNorm2: number;
};

/**
 * What the panels show of a step with d = Σ wᵢgᵢ, derived from the facts a trainer logs. Groups with a zero or non-finite
 * gradient are left out, except that weight on a non-finite group makes the certificate NaN.
 *
 * @param weights length k; the weights the step used
 * @throws RangeError if `weights` does not have length k, and as {@link screen} and {@link certify} do
 */
export function diagnose(problem: Problem, weights: ArrayLike<number>): Diagnostics {
  const groups = screen(problem);
  if (weights.length !== groups.k) {
    throw new RangeError(`${weights.length} weights for ${groups.k} groups`);
  }
  const { meanNorm2, ...gradients } = diagnoseGradients(groups);
  const { norm2, gap, minCosine, conflictsWith, isZero } = certify(groups, weights);
  return {
    norm2,
    gap,
    minCosine,
    certified: Number.isFinite(norm2) && conflictsWith.length === 0,
    conflictsWith,
    stationary: isZero && isStep(weights),
    effectiveGroups: effectiveGroups(weights),
    normRatio: lengthRatio(norm2, meanNorm2),
    ...gradients,
  };
}

export function diagnoseGradients(groups: Screening): GradientDiagnostics {
  const ofMean = certify(groups, meanWeights(groups));
  const cosines = cosinesOf(groups);
  return {
    cosines,
    conflictRate: conflictRate(cosines, groups),
    meanConflictRate: share(ofMean.conflictsWith.length, groups.present.length),
    effectiveDimension: effectiveDimension(cosines, groups),
    meanNorm2: ofMean.norm2,
  };
}

/** Whether some weight is not 0: the step was not skipped. */
export function isStep(weights: ArrayLike<number>): boolean {
  return Array.from(weights).some((weight) => weight !== 0);
}

/** ‖d‖/‖ḡ‖; NaN if ḡ = 0. */
export function lengthRatio(norm2: number, meanNorm2: number): number {
  return meanNorm2 > 0 ? Math.sqrt(norm2 / meanNorm2) : Number.NaN;
}

/** Plain training's weights, over the groups that are finite. */
function meanWeights({ k, sizes, nonFinite }: Screening): Float64Array {
  if (nonFinite.length === k) return new Float64Array(k);
  return shares(sizes.map((size, i) => (nonFinite.includes(i) ? 0 : size)));
}

function cosinesOf({ k, gram, present }: Screening): Float64Array {
  const cosines = new Float64Array(k * k).fill(Number.NaN);
  for (const i of present) {
    for (const j of present) {
      const cosine = gram[i * k + j]! / Math.sqrt(gram[i * k + i]!) / Math.sqrt(gram[j * k + j]!);
      cosines[i * k + j] = i === j ? 1 : Math.max(-1, Math.min(1, cosine));
    }
  }
  return cosines;
}

function conflictRate(cosines: Float64Array, { k, present }: Screening): number {
  let conflicts = 0;
  for (const i of present) {
    for (const j of present) if (i < j && cosines[i * k + j]! < 0) conflicts++;
  }
  return share(conflicts, (present.length * (present.length - 1)) / 2);
}

function share(count: number, of: number): number {
  return of === 0 ? 0 : count / of;
}

/** (Σ|wᵢ|)² / Σwᵢ², of weights over a power of two near the largest, so that squares stay in range and bits as they are. */
export function effectiveGroups(weights: ArrayLike<number>): number {
  let largest = 0;
  for (let i = 0; i < weights.length; i++) largest = Math.max(largest, Math.abs(weights[i]!));
  if (largest === 0) return 0;
  const unit = 2 ** Math.floor(Math.log2(largest));
  let sum = 0;
  let squares = 0;
  for (let i = 0; i < weights.length; i++) {
    const share = Math.abs(weights[i]!) / unit;
    sum += share;
    squares += share ** 2;
  }
  return sum ** 2 / squares;
}

/** tr(H)²/tr(H²) with Hᵢⱼ = cos·nᵢnⱼ and norms relative to the longest, so that squares of squares stay in range. */
function effectiveDimension(cosines: Float64Array, { k, gram, present }: Screening): number {
  const longest = Math.sqrt(Math.max(...present.map((i) => gram[i * k + i]!)));
  const norms = Float64Array.from({ length: k }, (_, i) => Math.sqrt(gram[i * k + i]!) / longest);
  let trace = 0;
  let traceOfSquare = 0;
  for (const i of present) {
    trace += norms[i]! ** 2;
    for (const j of present) traceOfSquare += (cosines[i * k + j]! * norms[i]! * norms[j]!) ** 2;
  }
  return trace ** 2 / traceOfSquare;
}
