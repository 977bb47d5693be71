import type { Problem } from './types.ts';

/** ‖g‖² below which float64 has lost relative precision (‖g‖ < 10⁻¹⁴⁶): such a gradient counts as zero. */
const ZERO = 2 ** -1022 / Number.EPSILON;

/** How far, relative to ‖gᵢ‖‖gⱼ‖, a Gram matrix accumulated in float32 may be from symmetric or from Cauchy–Schwarz. */
export const GRAM_SLACK = 1e-3;

/** A problem after its examination: which groups can be aggregated. The three lists are disjoint and in order. */
export interface Screening {
  readonly k: number;
  /** H made exactly symmetric; rows and columns of non-finite groups are meaningless. */
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
    sizes: sizesOf(problem, k),
    nonFinite,
    zero,
    present,
  };
}

/** A NaN or infinity in gᵢ makes ‖gᵢ‖² non-finite; failing that, a non-finite ⟨gᵢ, gⱼ⟩ condemns both groups. */
function finiteGroups(gram: Float64Array, k: number): boolean[] {
  const hasFiniteNorm = Array.from({ length: k }, (_, i) => Number.isFinite(gram[i * k + i]!));
  return hasFiniteNorm.map((ownNorm, i) => {
    // 0·x is 0, or NaN where x is not finite: one sum tests a row.
    let test = 0;
    for (let j = 0; j < k; j++) if (hasFiniteNorm[j]) test += 0 * gram[i * k + j]!;
    return ownNorm && test === 0;
  });
}

/** (H + Hᵀ)/2 on the groups present, checked to be like a Gram matrix. */
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

function sizesOf(problem: Problem, k: number): Float64Array {
  const sizes = problem.sizes ? Float64Array.from(problem.sizes) : new Float64Array(k).fill(1);
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
