import { stepRandom } from '../seededRandom.ts';
import type { AggregatorDescription, Weighting } from './description.ts';
import { shares } from './mean.ts';

export const pcgrad: AggregatorDescription = {
  name: 'pcgrad',
  title: 'PCGrad: mean of the gradients, each freed of its conflicts with the others one by one',
  reference: 'Yu et al. 2020, arXiv:2001.06782',
  guarantee:
    'For two groups, ⟨d, gᵢ⟩ ≥ 0; none for more, as later projections may undo earlier ones; without conflict d is the mean.',
  decidedBy: 'gram',
  properties: {
    convex: false,
    minimumNorm: false,
    nonConflicting: false,
    permutationEquivariant: false,
    linearUnderScaling: true,
    scaleEquivariant: true,
    stronglyStationary: true,
  },
  takesZeroGroups: true,
  parameters: {},
};

export const pcgradWeighting: Weighting = ({ k, gram, sizes, seed }, weights) => {
  const random = stepRandom(seed);
  weights.set(projectConflicts(gram, shares(sizes), () => random.permutation(k)));
  return undefined;
};

/**
 * Weights of Σ pᵢgᵢ', gᵢ' being gᵢ after one pass over the others: where ⟨gᵢ', gⱼ⟩ < 0, gᵢ' loses its component along gⱼ.
 *
 * @param order the order in which group i meets the groups; i itself is skipped
 */
export function projectConflicts(
  gram: Float64Array,
  shares: Float64Array,
  order: (i: number) => readonly number[],
): Float64Array {
  const k = shares.length;
  const weights = new Float64Array(k);
  const own = new Float64Array(k);
  for (let i = 0; i < k; i++) {
    own.fill(0)[i] = 1;
    for (const j of order(i)) {
      if (j === i) continue;
      let inner = 0;
      for (let m = 0; m < k; m++) inner += own[m]! * gram[j * k + m]!;
      if (inner < 0) own[j]! -= inner / gram[j * k + j]!;
    }
    for (let m = 0; m < k; m++) weights[m]! += shares[i]! * own[m]!;
  }
  return weights;
}
