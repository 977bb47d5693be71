import { projectOntoDualCone } from '../minNorm/minNorm.ts';
import type { AggregatorDescription, Weighting } from './description.ts';
import { shares } from './mean.ts';

export const upgrad: AggregatorDescription = {
  name: 'upgrad',
  title:
    'UPGrad: mean of the gradients, each projected onto the directions that conflict with no group',
  reference: 'Quinton & Rey 2024, arXiv:2406.16232',
  guarantee:
    'No group is made worse to first order: ⟨d, gᵢ⟩ ≥ 0 for every group i; without conflict d is the mean.',
  decidedBy: 'gram',
  properties: {
    convex: false,
    minimumNorm: false,
    nonConflicting: true,
    permutationEquivariant: true,
    linearUnderScaling: true,
    scaleEquivariant: true,
    stronglyStationary: true,
  },
  takesZeroGroups: true,
  parameters: {},
};

export const upgradWeighting: Weighting = ({ k, gram, sizes }, weights) => {
  // A zero gradient conflicts with none, like one that is orthogonal to all.
  const directions = gram.map((entry, at) => (at % (k + 1) === 0 && entry === 0 ? 1 : entry));
  const projection = new Float64Array(k);
  for (const [i, share] of shares(sizes).entries()) {
    projectOntoDualCone(directions, i, projection);
    for (let j = 0; j < k; j++) weights[j]! += share * projection[j]!;
  }
  return undefined;
};
