import { minNorm, supportOf } from '../minNorm/minNorm.ts';
import type { AggregatorDescription, Weighting } from './description.ts';

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
};

export const grainWeighting: Weighting = ({ gram, groups, memory }, weights) => {
  const lastSupport = memory?.state ?? [];
  // An absent group has index −1, which is ignored.
  minNorm(
    gram,
    weights,
    lastSupport.map((group) => groups.indexOf(group)),
  );
  return supportOf(weights).map((i) => groups[i]!);
};
