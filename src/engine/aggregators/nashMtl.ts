import { CholeskyDecomposition, Matrix } from 'ml-matrix';
import { cosinesOf } from '../gram.ts';
import { roundingOf } from '../summation.ts';
import type { AggregatorDescription, Weighting } from './description.ts';

/** Newton decrement after which one more step is exact to rounding: it squares. */
const NEARLY = 1e-9;

export const nashMtl: AggregatorDescription = {
  name: 'nash-mtl',
  title: 'Nash-MTL: the bargain in which every group gains in proportion to what it could claim',
  reference: 'Navon et al. 2022, arXiv:2202.01017',
  guarantee:
    'Every group improves to first order: ⟨d, gᵢ⟩ is in proportion to 1/wᵢ > 0; no step where no such d exists; ‖d‖ is fixed, so the learning rate alone sets the step.',
  decidedBy: 'gram',
  properties: {
    convex: false,
    minimumNorm: false,
    nonConflicting: true,
    permutationEquivariant: true,
    linearUnderScaling: false,
    scaleEquivariant: false,
    stronglyStationary: false,
  },
  takesZeroGroups: false,
  parameters: {
    maxNorm: {
      default: 1,
      min: 0,
      max: Number.MAX_VALUE,
      description: 'd, of length √k, is shortened to this if longer; 0 leaves it as it is.',
    },
  },
};

/** w = α with Hα = 1/α, α > 0, so that ‖d‖² = αᵀHα = k whatever the lengths of the gradients. */
export const nashMtlWeighting: Weighting = ({ k, gram, parameters }, weights) => {
  const { norms, cosines } = cosinesOf(gram, k);
  const bargain = bargainOver(cosines, k);
  if (!bargain) return undefined;
  const cut = parameters.maxNorm! > 0 ? Math.min(1, parameters.maxNorm! / Math.sqrt(k)) : 1;
  weights.set(bargain.map((beta, i) => (cut * beta) / norms[i]!));
  return undefined;
};

/**
 * β > 0 with Cβ = 1/β, the minimum of the self-concordant ½βᵀCβ − Σ log βᵢ, by Newton's method: with β ← β(1 + tη) the step
 * solves (DCD + I)η = 1 − βCβ, D = diag(β), and t = 1/(1+λ) is safe for the decrement λ (Nesterov & Nemirovskii 1994).
 *
 * @param cosines C, k×k row-major
 * @returns undefined if there is none to within rounding: some β ≥ 0 has Cβ = 0
 */
function bargainOver(cosines: Float64Array, k: number): Float64Array | undefined {
  const beta = startingPoint(cosines, k);
  const residual = new Float64Array(k);
  const system = new Matrix(k, k);
  let before = Number.POSITIVE_INFINITY;
  for (let round = 0; round < 500; round++) {
    let mass = 0;
    for (let i = 0; i < k; i++) {
      mass += beta[i]!;
      let inner = 0;
      for (let j = 0; j < k; j++) {
        inner += cosines[i * k + j]! * beta[j]!;
        system.set(i, j, beta[i]! * beta[j]! * cosines[i * k + j]! + (i === j ? 1 : 0));
      }
      residual[i] = 1 - beta[i]! * inner;
    }
    // ‖Σβᵢĝᵢ‖² is k at the solution; a sum of this mass cannot tell it from zero.
    if (roundingOf(k) * mass * mass > k) return undefined;
    const factor = new CholeskyDecomposition(system);
    if (!factor.isPositiveDefinite()) return undefined;
    const step = factor.solve(Matrix.columnVector(residual)).to1DArray();
    const decrement = Math.sqrt(
      Math.max(
        0,
        step.reduce((sum, x, i) => sum + x * residual[i]!, 0),
      ),
    );
    const isExact = decrement <= NEARLY || (decrement < 1e-4 && decrement > before / 2);
    const t = decrement < 0.25 ? 1 : 1 / (1 + decrement);
    for (let i = 0; i < k; i++) beta[i]! *= 1 + t * step[i]!;
    if (isExact) return beta;
    before = decrement;
  }
  return undefined;
}

/** The best β of which all entries are equal; 1 where that has no end. */
function startingPoint(cosines: Float64Array, k: number): Float64Array {
  const total = cosines.reduce((sum, entry) => sum + entry, 0);
  return new Float64Array(k).fill(total > 1e-6 * k ? Math.sqrt(k / total) : 1);
}
