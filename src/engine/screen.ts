import type { Problem } from './types.ts';

/** ‖g‖² below which float64 has lost relative precision (‖g‖ < 10⁻¹⁴⁶): such a gradient counts as zero. */
const ZERO = 2 ** -1022 / Number.EPSILON;

/** How far, relative to ‖gᵢ‖‖gⱼ‖, a Gram matrix accumulated in float32 may be from symmetric or from Cauchy–Schwarz. */
export const GRAM_SLACK = 1e-3;

/** Which groups of a problem can be aggregated. The three lists are disjoint and in order. */
export interface Screening {
  readonly k: number;
  /** H, exactly symmetric; the problem's own if it is. Rows and columns of groups that are not present are meaningless. */
  readonly gram: Float64Array;
  /** Length k; the problem's, or ones. */
  readonly sizes: Float64Array;
  /** Groups with a NaN or infinite entry. */
  readonly nonFinite: readonly number[];
  /** Groups whose gradient is zero. */
  readonly zero: readonly number[];
  /** Groups with a finite gradient that is not zero. */
  readonly present: readonly number[];
}

/**
 * Sorts the groups of a problem into non-finite, zero and present.
 *
 * @throws RangeError if `gram` is not k×k with k ≥ 1, `sizes` are not k positive numbers, or the finite part of `gram` cannot
 * be a Gram matrix: negative ‖gᵢ‖², not symmetric, or |⟨gᵢ, gⱼ⟩| > ‖gᵢ‖‖gⱼ‖, each beyond the rounding of float32
 */
export function screen(problem: Problem): Screening {
  const k = Math.sqrt(problem.gram.length);
  if (!Number.isInteger(k) || k === 0) {
    throw new RangeError(`a Gram matrix is square; got ${problem.gram.length} entries`);
  }
  const sizes = sizesOf(problem, k);
  if (isFlawless(problem.gram, k)) {
    return { k, gram: problem.gram, sizes, nonFinite: [], zero: [], present: everyGroup(k) };
  }
  const finite = finiteGroups(problem.gram, k);
  const nonFinite: number[] = [];
  const zero: number[] = [];
  const present: number[] = [];
  for (let i = 0; i < k; i++) {
    const norm2 = problem.gram[i * k + i]!;
    if (!finite[i]) nonFinite.push(i);
    else if (norm2 < 0) throw new RangeError(`not a Gram matrix: ‖g${i}‖² = ${norm2} is negative`);
    else (norm2 < ZERO ? zero : present).push(i);
  }
  return {
    k,
    gram: symmetrised(problem.gram, k, present),
    sizes,
    nonFinite,
    zero,
    present,
  };
}

let norms = new Float64Array(0);
let everyone: readonly number[] = [];

/** 0…k−1, as the same array for the same k. */
function everyGroup(k: number): readonly number[] {
  if (everyone.length !== k) everyone = Array.from({ length: k }, (_, i) => i);
  return everyone;
}

/** True if every group is present and H is symmetric to the last bit. */
function isFlawless(gram: Float64Array, k: number): boolean {
  if (norms.length < k) norms = new Float64Array(k);
  for (let i = 0; i < k; i++) {
    const norm2 = gram[i * k + i]!;
    if (!(norm2 >= ZERO && norm2 < Number.POSITIVE_INFINITY)) return false;
    norms[i] = Math.sqrt(norm2);
  }
  for (let i = 1; i < k; i++) {
    const row = i * k;
    const bound = (1 + GRAM_SLACK) * norms[i]!;
    for (let j = 0; j < i; j++) {
      const entry = gram[row + j]!;
      if (entry !== gram[j * k + i] || !(Math.abs(entry) <= bound * norms[j]!)) return false;
    }
  }
  return true;
}

/** A NaN or infinity in gᵢ makes ‖gᵢ‖² non-finite; otherwise a non-finite ⟨gᵢ, gⱼ⟩ rules out both groups. */
function finiteGroups(gram: Float64Array, k: number): boolean[] {
  const hasFiniteNorm = Array.from({ length: k }, (_, i) => Number.isFinite(gram[i * k + i]!));
  return hasFiniteNorm.map((ownNorm, i) => {
    // 0·x is 0, or NaN where x is not finite: one sum tests a row.
    let test = 0;
    for (let j = 0; j < k; j++) if (hasFiniteNorm[j]) test += 0 * gram[i * k + j]!;
    return ownNorm && test === 0;
  });
}

/** (H + Hᵀ)/2 on the groups present. @throws RangeError if that cannot be a Gram matrix */
function symmetrised(gram: Float64Array, k: number, present: readonly number[]): Float64Array {
  const symmetric = new Float64Array(k * k);
  const norms = Float64Array.from({ length: k }, (_, i) => Math.sqrt(gram[i * k + i]!));
  for (const i of present) {
    for (const j of present) {
      if (j >= i) break;
      const lower = gram[i * k + j]!;
      const upper = gram[j * k + i]!;
      const bound = norms[i]! * norms[j]!;
      if (Math.abs(upper - lower) > GRAM_SLACK * bound) {
        throw new RangeError(
          `not a Gram matrix: entries (${j},${i}) = ${upper} and (${i},${j}) = ${lower} differ`,
        );
      }
      if (Math.abs(upper) > (1 + GRAM_SLACK) * bound) {
        throw new RangeError(
          `not a Gram matrix: |entry (${j},${i})| = ${Math.abs(upper)} exceeds ‖g${j}‖‖g${i}‖ = ${bound}`,
        );
      }
      const entry = 0.5 * upper + 0.5 * lower;
      symmetric[i * k + j] = entry;
      symmetric[j * k + i] = entry;
    }
    symmetric[i * k + i] = gram[i * k + i]!;
  }
  return symmetric;
}

let ones = new Float64Array(0);

function sizesOf(problem: Problem, k: number): Float64Array {
  if (!problem.sizes) {
    if (ones.length !== k) ones = new Float64Array(k).fill(1);
    return ones;
  }
  const sizes = Float64Array.from(problem.sizes);
  if (sizes.length !== k) throw new RangeError(`${sizes.length} sizes for ${k} groups`);
  for (const [i, size] of sizes.entries()) {
    if (!(size > 0 && size < Number.POSITIVE_INFINITY)) {
      throw new RangeError(`the size of group ${i} is ${size}; expected a positive number`);
    }
  }
  const total = sizes.reduce((sum, size) => sum + size, 0);
  if (total === Number.POSITIVE_INFINITY)
    throw new RangeError('the sizes add up to more than float64 holds');
  return sizes;
}
