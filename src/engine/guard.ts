import { projectOntoDualCone } from './minNorm/minNorm.ts';
import { roundingOf } from './summation.ts';

/** A proposed change Δ of the parameters (before − after), known by its inner products with the gradients. */
export interface GuardProblem {
  /**
   * GM⁻¹Gᵀ, k×k row-major, symmetric: the Gram matrix of the gradients in the metric M in which the correction is smallest. M = I: H
   * itself; M = P⁻¹ for an optimizer that multiplies with the diagonal P: the preconditioned Gram matrix.
   */
  readonly gram: Float64Array;
  /** ⟨Δ, gᵢ⟩, length k. */
  readonly inner: ArrayLike<number>;
  /** ‖Δ‖² in the metric M. */
  readonly norm2: number;
  /** What each group may lose: ⟨Δ′, gᵢ⟩ ≥ −allowedᵢ; length k, ≥ 0. Default 0: no conflict at all. */
  readonly allowed?: ArrayLike<number>;
}

/** The nearest change that conflicts with no group, and how near it is. */
export interface GuardResult {
  /** λ ≥ 0, length k: Δ′ = Δ + M⁻¹Σ λᵢgᵢ. All zero: Δ′ is Δ, bit for bit. */
  readonly multipliers: Float64Array;
  /** ⟨Δ′, gᵢ⟩, length k. */
  readonly inner: Float64Array;
  /** ‖Δ′‖² in M. */
  readonly norm2: number;
  /** ‖Δ′ − Δ‖² in M: λᵀHλ. */
  readonly correction2: number;
  /** Σ λᵢ(⟨Δ′, gᵢ⟩ + allowedᵢ): the duality gap, an upper bound of ½‖Δ′ − Δ*‖² for a feasible Δ′; 0 at the optimum. */
  readonly gap: number;
  /** True if only rounding is left of a Δ that was not zero: where the groups cannot agree, every change but zero harms one of them. */
  readonly stalled: boolean;
}

/**
 * The smallest correction of an optimizer's step such that no group is made worse to first order: min ½‖Δ′ − Δ‖²_M subject to
 * ⟨Δ′, gᵢ⟩ ≥ −allowedᵢ for every group (gradient episodic memory, Lopez-Paz & Ranzato 2017, arXiv:1706.08840, whose constraints
 * are past tasks; here they are the groups of the step).
 *
 * Its dual has k variables: min ½λᵀHλ + (r + a)ᵀλ over λ ≥ 0, with r = GΔ and a the allowed losses. That is ½‖Δ + Gᵀλ‖² with r + a
 * in place of r, so it is solved as the projections of UPGrad are: the shortest vector of Δ plus the cone of the gradients,
 * whose Gram matrix is H bordered by r + a and ‖Δ‖². Groups whose gradient is zero constrain nothing; groups with a gradient or
 * an inner product that is not finite are left out.
 *
 * A Gram matrix in float64 tells directions apart to 10⁻⁸: of groups opposite to within that, a loss of up to 10⁻⁷‖Δ‖‖gᵢ‖ may remain.
 *
 * @throws RangeError if the lists do not have the length k
 */
export function guard(problem: GuardProblem): GuardResult {
  const k = problem.inner.length;
  const { gram, allowed = new Float64Array(k) } = problem;
  if (gram.length !== k * k || allowed.length !== k) {
    throw new RangeError(
      `${gram.length} inner products and ${allowed.length} allowed losses for ${k} groups`,
    );
  }
  const slack = Float64Array.from(problem.inner, (inner, i) => inner + allowed[i]!);
  const groups = Array.from({ length: k }, (_, i) => i).filter(
    (i) => gram[i * k + i]! > 0 && Number.isFinite(gram[i * k + i]!) && Number.isFinite(slack[i]!),
  );
  const multipliers = new Float64Array(k);
  const isKnown = Number.isFinite(problem.norm2) && problem.norm2 > 0;
  if (!isKnown || groups.every((i) => slack[i]! >= 0)) return resultOf(problem, multipliers, slack);

  const scale = groups.map((i) => 1 / Math.sqrt(gram[i * k + i]!));
  const length = Math.sqrt(problem.norm2);
  const solution = nearestTo(
    length,
    groups.map((i, p) => slack[i]! * scale[p]!),
    groups.map((i, p) => groups.map((j, q) => gram[i * k + j]! * scale[p]! * scale[q]!)),
  );
  for (const [p, i] of groups.entries()) multipliers[i] = solution[p]! * scale[p]!;
  return resultOf(problem, multipliers, slack);
}

/**
 * λ ≥ 0 of the shortest Δ + Σ λᵢuᵢ for unit vectors uᵢ.
 *
 * @param length ‖Δ‖
 * @param inner ⟨Δ, uᵢ⟩
 * @param cosines ⟨uᵢ, uⱼ⟩
 */
function nearestTo(
  length: number,
  inner: readonly number[],
  cosines: readonly (readonly number[])[],
): Float64Array {
  const rows = [
    [1, ...inner.map((product) => product / length)],
    ...cosines.map((row, i) => [inner[i]! / length, ...row]),
  ];
  const weights = new Float64Array(rows.length);
  projectOntoDualCone(Float64Array.from(rows.flat()), 0, weights);
  return weights.subarray(1).map((weight) => weight * length);
}

function resultOf(
  { gram, inner, norm2, allowed }: GuardProblem,
  multipliers: Float64Array,
  slack: Float64Array,
): GuardResult {
  const k = multipliers.length;
  const active = Array.from(multipliers.keys()).filter((i) => multipliers[i]! > 0);
  const shift = (i: number) =>
    active.reduce((sum, j) => sum + multipliers[j]! * gram[i * k + j]!, 0);
  const corrected = Float64Array.from(inner, (value, i) => value + shift(i));
  const sumOver = (of: (i: number) => number) => active.reduce((sum, i) => sum + of(i), 0);
  const correction2 = sumOver((i) => multipliers[i]! * shift(i));
  const changed2 = norm2 + correction2 + 2 * sumOver((i) => multipliers[i]! * inner[i]!);
  const gap = sumOver((i) => multipliers[i]! * (slack[i]! + shift(i)));
  return {
    multipliers,
    inner: corrected,
    norm2: Math.max(0, changed2),
    correction2: Math.max(0, correction2),
    gap: Math.abs(gap),
    stalled:
      norm2 > 0 &&
      active.length > 0 &&
      changed2 <= Math.max(norm2, correction2) * 4 * roundingOf(k) &&
      !(allowed && Array.from(allowed).some((loss) => loss > 0)),
  };
}
