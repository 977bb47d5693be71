import { MinNormSolver } from './solver.ts';

/** As large as the largest problem so far: made when the first arrives, so that to import this file makes nothing. */
let solver: MinNormSolver | undefined;

const FROM_THE_SHORTEST: readonly number[] = [];

/**
 * GRAIN's weights: see {@link MinNormSolver}. Nothing is allocated where a problem as large has been solved before.
 *
 * @param gram H, k×k row-major, symmetric and finite with a positive diagonal
 * @param weights length k; overwritten with w*, on the simplex
 * @param start groups to begin from: at best the last step's support, see {@link supportOf}. Ignored are groups that do not
 * exist, that depend on others, or that are listed twice
 */
export function minNorm(
  gram: Float64Array,
  weights: Float64Array,
  start: ArrayLike<number> = FROM_THE_SHORTEST,
): void {
  solverFor(weights.length).solve(gram, weights, start);
}

/**
 * Projection of gₐ onto the dual cone {d : ⟨d, gᵢ⟩ ≥ 0 for all i}: of gₐ + cone(gⱼ), j ≠ a, it is the shortest vector.
 *
 * @param gram as for {@link minNorm}
 * @param anchor a
 * @param weights length k; overwritten with w ≥ 0, wₐ = 1, of d = Σ wᵢgᵢ
 */
export function projectOntoDualCone(
  gram: Float64Array,
  anchor: number,
  weights: Float64Array,
): void {
  solverFor(weights.length).solve(gram, weights, FROM_THE_SHORTEST, anchor);
}

function solverFor(k: number): MinNormSolver {
  if (!solver || solver.capacity < k) solver = new MinNormSolver(k);
  return solver;
}

/** The groups that carry weight. */
export function supportOf(weights: ArrayLike<number>): number[] {
  const support: number[] = [];
  for (let i = 0; i < weights.length; i++) if (weights[i]! > 0) support.push(i);
  return support;
}
