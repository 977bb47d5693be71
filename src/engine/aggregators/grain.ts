import type { AggregatorDescription } from './description.ts';
import { MinNormSolver } from './minNormSolver.ts';

let solver = new MinNormSolver(0);

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
  if (solver.capacity < k) solver = new MinNormSolver(k);
  return solver;
}

/** The groups that carry weight. */
export function supportOf(weights: ArrayLike<number>): number[] {
  const support: number[] = [];
  for (let i = 0; i < weights.length; i++) if (weights[i]! > 0) support.push(i);
  return support;
}

export const grain: AggregatorDescription = {
  name: 'grain',
  title: 'GRAIN: shortest vector in the convex hull of the group gradients',
  reference:
    'Bui, Yao & Wang 2026, arXiv:2606.22917; Désidéri 2012, doi:10.1016/j.crma.2012.03.014; Wolfe 1976, doi:10.1007/BF01580381',
  guarantee:
    'No group is made worse to first order: ⟨d, gᵢ⟩ ≥ ‖d‖² ≥ 0 for every group i, with a duality gap as proof.',
  decidedBy: 'gram',
  properties: {
    convex: true,
    minimumNorm: true,
    nonConflicting: true,
    permutationEquivariant: true,
    linearUnderScaling: false,
    scaleEquivariant: true,
    stronglyStationary: false,
  },
  takesZeroGroups: false,
  parameters: {},
  weigh({ gram, groups, memory }, weights) {
    const lastSupport = memory?.state ?? [];
    // An absent group has index −1, which is ignored.
    minNorm(
      gram,
      weights,
      lastSupport.map((group) => groups.indexOf(group)),
    );
    return supportOf(weights).map((i) => groups[i]!);
  },
};
