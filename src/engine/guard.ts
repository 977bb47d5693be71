import { roundingOf, UNIT_ROUNDOFF } from './summation.ts';

/** A row of the equilibrated Gram matrix whose squared distance to the span of k others is below k times this depends on them. */
const INDEPENDENCE = 1e-15;

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
 * Its dual has k variables: min ½λᵀHλ + (r + a)ᵀλ over λ ≥ 0, with r = GΔ and a the allowed losses. Solved exactly by the
 * active set of Lawson & Hanson (Solving Least Squares Problems, 1974, ch. 23) on rows of unit length. Groups whose gradient is
 * zero constrain nothing; groups with a gradient or an inner product that is not finite are left out.
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
  if (groups.every((i) => slack[i]! >= 0)) return resultOf(problem, multipliers, slack);

  const scale = groups.map((i) => 1 / Math.sqrt(gram[i * k + i]!));
  const matrix = groups.map((i, p) =>
    groups.map((j, q) => gram[i * k + j]! * scale[p]! * scale[q]!),
  );
  const linear = groups.map((i, p) => slack[i]! * scale[p]!);
  const solution = solve(matrix, linear);
  for (const [p, i] of groups.entries()) multipliers[i] = solution[p]! * scale[p]!;
  return resultOf(problem, multipliers, slack);
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

/**
 * argmin ½xᵀAx + bᵀx over x ≥ 0, A positive semidefinite with a unit diagonal.
 *
 * A variable enters the support where its derivative is most negative; the support's solution without signs is approached until a
 * variable reaches 0 and leaves. One that depends on the support takes the place of one in it. Each round lowers the objective;
 * where rounding hides that, the variable is banned.
 */
function solve(a: readonly (readonly number[])[], b: readonly number[]): Float64Array {
  const n = b.length;
  const x = new Float64Array(n);
  const support: number[] = [];
  const banned = new Set<number>();
  const derivative = (i: number) => support.reduce((sum, j) => sum + a[i]![j]! * x[j]!, b[i]!);
  for (let round = 0; round < 10 * n + 20; round++) {
    const mass = support.reduce((sum, j) => sum + x[j]!, Math.max(...b.map(Math.abs)));
    const tolerance = 4 * (support.length + 2) * UNIT_ROUNDOFF * mass;
    let entering = -1;
    let least = -tolerance;
    for (let i = 0; i < n; i++) {
      if (support.includes(i) || banned.has(i)) continue;
      const value = derivative(i);
      if (value < least) [entering, least] = [i, value];
    }
    if (entering < 0) break;
    if (!enter(a, support, x, entering)) {
      banned.add(entering);
      continue;
    }
    descend(a, b, support, x);
    if (x[entering]! > 0) banned.clear();
    else banned.add(entering);
  }
  return x;
}

/** Adds a variable to the support, in place of another if it depends on those there. @returns false if it cannot */
function enter(
  a: readonly (readonly number[])[],
  support: number[],
  x: Float64Array,
  entering: number,
): boolean {
  if (factorOf(a, [...support, entering])) {
    support.push(entering);
    return true;
  }
  const factor = factorOf(a, support);
  if (!factor) return false;
  // a_entering = Σ cⱼaⱼ over the support: x may move along (−c, 1) without a change of Ax.
  const c = substitute(
    factor,
    support.map((j) => a[entering]![j]!),
  );
  let leaving = -1;
  let step = Number.POSITIVE_INFINITY;
  for (const [p, j] of support.entries()) {
    if (c[p]! > 0 && x[j]! / c[p]! < step) [leaving, step] = [p, x[j]! / c[p]!];
  }
  if (leaving < 0) return false;
  for (const [p, j] of support.entries()) x[j] = Math.max(0, x[j]! - step * c[p]!);
  x[entering] = step;
  x[support[leaving]!] = 0;
  support[leaving] = entering;
  return true;
}

/** Moves to the minimum on the support; variables that reach 0 on the way leave it. */
function descend(
  a: readonly (readonly number[])[],
  b: readonly number[],
  support: number[],
  x: Float64Array,
): void {
  while (support.length > 0) {
    const factor = factorOf(a, support);
    if (!factor) return;
    const z = refined(
      a,
      factor,
      support,
      support.map((j) => -b[j]!),
    );
    let share = 1;
    for (const [p, j] of support.entries()) {
      if (z[p]! <= 0) share = Math.min(share, x[j]! / (x[j]! - z[p]!));
    }
    for (const [p, j] of support.entries()) x[j]! += share * (z[p]! - x[j]!);
    if (share === 1 && z.every((value) => value > 0)) return;
    for (let p = support.length - 1; p >= 0; p--) {
      const j = support[p]!;
      if (z[p]! > 0 || x[j]! > 1e-14 * Math.abs(z[p]!)) continue;
      x[j] = 0;
      support.splice(p, 1);
    }
  }
}

/** Cholesky factor of the rows and columns named, row by row; null if one of them depends on those before it. */
function factorOf(
  a: readonly (readonly number[])[],
  support: readonly number[],
): Float64Array[] | null {
  const rows: Float64Array[] = [];
  for (const [p, i] of support.entries()) {
    const row = new Float64Array(p + 1);
    for (let q = 0; q < p; q++) {
      let entry = a[i]![support[q]!]!;
      for (let m = 0; m < q; m++) entry -= row[m]! * rows[q]![m]!;
      row[q] = entry / rows[q]![q]!;
    }
    let pivot = a[i]![i]!;
    for (let m = 0; m < p; m++) pivot -= row[m]! * row[m]!;
    if (!(pivot > INDEPENDENCE * (p + 1))) return null;
    row[p] = Math.sqrt(pivot);
    rows.push(row);
  }
  return rows;
}

/** Solves LLᵀz = right. */
function substitute(factor: readonly Float64Array[], right: readonly number[]): number[] {
  const z = [...right];
  for (let p = 0; p < z.length; p++) {
    for (let m = 0; m < p; m++) z[p]! -= factor[p]![m]! * z[m]!;
    z[p]! /= factor[p]![p]!;
  }
  for (let p = z.length - 1; p >= 0; p--) {
    for (let m = p + 1; m < z.length; m++) z[p]! -= factor[m]![p]! * z[m]!;
    z[p]! /= factor[p]![p]!;
  }
  return z;
}

/** As {@link substitute}, with one step of iterative refinement. */
function refined(
  a: readonly (readonly number[])[],
  factor: readonly Float64Array[],
  support: readonly number[],
  right: readonly number[],
): number[] {
  const z = substitute(factor, right);
  const rest = right.map((value, p) =>
    support.reduce((sum, j, q) => sum - a[support[p]!]![j]! * z[q]!, value),
  );
  const correction = substitute(factor, rest);
  return z.map((value, p) => value + correction[p]!);
}
