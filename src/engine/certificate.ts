import { GRAM_SLACK, type Screening } from './screen.ts';
import { combineRows, roundingOf } from './summation.ts';
import type { Certificate } from './types.ts';

/** How far Σwᵢ may be from 1 for weights that went through float32. */
const SIMPLEX_SLACK = 1e-6;

/**
 * ⟨d, gᵢ⟩ counts as negative beyond this many times its rounding: among gradients that are parallel to within 10⁻⁷, whose Gram
 * matrix is singular to rounding, weights that conflict with no group exist but cannot be told apart from others.
 */
const DEPENDENCE = 10;

/** A certificate and its rounding errors. */
export interface MeasuredCertificate extends Certificate {
  /** The largest gap that rounding alone explains; see {@link certify}. */
  readonly gapFloor: number;
  /** True if ‖d‖² is zero to rounding; its direction is then meaningless. */
  readonly isZero: boolean;
  /** Groups that d conflicts with: their cosine with d is negative beyond rounding. */
  readonly conflictsWith: readonly number[];
}

/**
 * Proof of how good weights are, from the Gram matrix alone, whatever computed them.
 *
 * With r = Hw and d = Σ wᵢgᵢ: ‖d‖² = f = wᵀr and ⟨d, gᵢ⟩ = rᵢ. For w on the simplex and d* the shortest vector of the hull,
 * ⟨d, d*⟩ ≥ minᵢ rᵢ gives ‖d − d*‖² ≤ gap = f − minᵢ rᵢ and f − f* ≤ 2·gap; the gap is 0 exactly at the optimum. It covers
 * the groups whose gradient is finite and not zero, and zero groups where they carry weight.
 *
 * Rounding floor: with nᵢ = ‖gᵢ‖, s = Σ |wⱼ|nⱼ, k the number of groups and u = 2⁻⁵³, a computed rᵢ is off by at most
 * ε·s·nᵢ and f by ε·s², ε = 8(k+2)u (the factor 8 covers the solver's own backward error and the rounding of the weights).
 * Hence a gap up to `gapFloor` = ε·s·(n_m + s), m the group where rᵢ is least, a cosine down to −10ε·s/‖d‖, and ‖d‖² up to
 * ε·s² cannot be told from zero. When ‖d‖² is, `minCosine` is 0, no d is shorter, and the gap may exceed its floor: by
 * Cauchy–Schwarz it is at most ε·s² + √ε·s·n_m then, and what is shorter than rounding can see is not searched for further.
 *
 * @param weights length k, any real numbers
 * @returns gap Infinity if the weights are not on the simplex; all NaN (gap Infinity) if a non-finite group carries weight or
 * a weight is not finite. Weights all zero stand for a skipped step: d = 0, gap 0.
 * @throws RangeError if wᵀHw < 0 beyond the rounding of float32: H is not a Gram matrix
 */
export function certify(groups: Screening, weights: ArrayLike<number>): MeasuredCertificate {
  const { k, gram } = groups;
  if (isBroken(groups, weights)) return broken;
  if (r.length < k) reserve(k);

  let s = 0;
  let count = 0;
  for (const j of groups.present) {
    const weight = weights[j]!;
    if (weight === 0) continue;
    carriers[count] = j;
    carried[count++] = weight;
    s += Math.abs(weight) * Math.sqrt(gram[j * k + j]!);
  }
  combineRows(gram, k, carriers, carried, count, r);
  let f = 0;
  for (let p = 0; p < count; p++) f += carried[p]! * r[carriers[p]!]!;
  if (f < -GRAM_SLACK * s * s) {
    throw new RangeError(`not a Gram matrix: wᵀHw = ${f} is negative for these weights`);
  }

  const covered =
    groups.zero.length === 0
      ? groups.present
      : [...groups.present, ...groups.zero.filter((i) => weights[i] !== 0)];
  const epsilon = roundingOf(covered.length);
  const isZero = f <= epsilon * s * s;
  const length = Math.sqrt(Math.max(f, 0));
  let least = Number.POSITIVE_INFINITY;
  let leastNorm = 0;
  let minCosine = isZero ? 0 : Number.POSITIVE_INFINITY;
  const conflictsWith: number[] = [];
  for (const i of covered) {
    const norm = Math.sqrt(gram[i * k + i]!);
    if (r[i]! < least) {
      least = r[i]!;
      leastNorm = norm;
    }
    if (isZero || norm === 0) continue;
    const cosine = Math.max(-1, Math.min(1, r[i]! / length / norm));
    minCosine = Math.min(minCosine, cosine);
    if (cosine < (-DEPENDENCE * epsilon * s) / length) conflictsWith.push(i);
  }
  return {
    norm2: Math.max(f, 0),
    gap: covered.length === 0 ? 0 : gapOf(f, least, weights),
    minCosine,
    gapFloor: epsilon * s * (leastNorm + s),
    isZero,
    conflictsWith,
  };
}

/** Workspace, reused from call to call: r, and the groups that carry weight with their weights. */
let r = new Float64Array(0);
let carriers = new Int32Array(0);
let carried = new Float64Array(0);

function reserve(k: number): void {
  r = new Float64Array(k);
  carriers = new Int32Array(k);
  carried = new Float64Array(k);
}

/** True if a weight is not finite, or lies on a group that is not. */
function isBroken({ k, nonFinite }: Screening, weights: ArrayLike<number>): boolean {
  for (let i = 0; i < k; i++) if (!Number.isFinite(weights[i])) return true;
  return nonFinite.some((i) => weights[i] !== 0);
}

const broken: MeasuredCertificate = {
  norm2: Number.NaN,
  gap: Number.POSITIVE_INFINITY,
  minCosine: Number.NaN,
  gapFloor: 0,
  isZero: false,
  conflictsWith: [],
};

/** f − minᵢ rᵢ of w/Σw, or Infinity if w is not on the simplex. */
function gapOf(f: number, least: number, weights: ArrayLike<number>): number {
  let sum = 0;
  let isSkipped = true;
  for (let i = 0; i < weights.length; i++) {
    if (weights[i]! < 0) return Number.POSITIVE_INFINITY;
    if (weights[i]! > 0) isSkipped = false;
    sum += weights[i]!;
  }
  if (isSkipped) return 0;
  if (Math.abs(sum - 1) > SIMPLEX_SLACK) return Number.POSITIVE_INFINITY;
  return Math.max(0, f / sum ** 2 - least / sum);
}
