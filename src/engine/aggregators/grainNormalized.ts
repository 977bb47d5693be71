import { cosinesOf } from '../gram.ts';
import { minNorm } from '../minNorm/minNorm.ts';
import type { AggregatorDescription, Weighting } from './description.ts';
import { shares } from './mean.ts';

export const grainNormalized: AggregatorDescription = {
  name: 'grain-normalized',
  title:
    'GRAIN of unit gradients: the shortest vector in the hull of gᵢ/‖gᵢ‖, at the mean length of the gradients',
  reference:
    'the problem of arXiv:2606.22917 on normalised gradients, as Sener & Koltun 2018 (arXiv:1810.04650) normalise for MGDA',
  guarantee:
    'No group is made worse to first order: ⟨d, gᵢ⟩ ≥ 0 for every group i. A group that is fitted, with a short gradient, does not shorten d.',
  decidedBy: 'gram',
  properties: {
    convex: false,
    minimumNorm: false,
    nonConflicting: true,
    permutationEquivariant: true,
    linearUnderScaling: true,
    scaleEquivariant: true,
    stronglyStationary: false,
  },
  takesZeroGroups: false,
  parameters: {},
};

export const grainNormalizedWeighting: Weighting = ({ k, gram, sizes }, weights) => {
  const { norms, cosines } = cosinesOf(gram, k);
  minNorm(cosines, weights);
  const length = shares(sizes).reduce((sum, share, i) => sum + share * norms[i]!, 0);
  for (let i = 0; i < k; i++) weights[i]! *= length / norms[i]!;
  return undefined;
};
