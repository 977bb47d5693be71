import type { AggregatorDescription, Weighting } from './description.ts';
import { shares } from './mean.ts';

export const normalizedMean: AggregatorDescription = {
  name: 'normalized-mean',
  title: 'Control: the mean of gᵢ/‖gᵢ‖',
  reference: 'control for arXiv:2606.22917',
  guarantee:
    'None for single groups; ‖d‖ ≤ 1 however long the gradients are, so the learning rate alone sets the step.',
  decidedBy: 'gram',
  properties: {
    convex: false,
    minimumNorm: false,
    nonConflicting: false,
    permutationEquivariant: true,
    linearUnderScaling: false,
    scaleEquivariant: false,
    stronglyStationary: true,
  },
  takesZeroGroups: false,
  parameters: {},
};

export const normalizedMeanWeighting: Weighting = ({ k, gram, sizes }, weights) => {
  weights.set(shares(sizes).map((share, i) => share / Math.sqrt(gram[i * k + i]!)));
  return undefined;
};
