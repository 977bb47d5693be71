import type { AggregatorDescription, Weighting } from './description.ts';

export const inverseNorm: AggregatorDescription = {
  name: 'inverse-norm',
  title: 'Control: weights in proportion to 1/‖gᵢ‖², what GRAIN gives for orthogonal gradients',
  reference: 'control for arXiv:2606.22917',
  guarantee: 'None for single groups: angles between gradients are ignored.',
  decidedBy: 'gram',
  properties: {
    convex: true,
    minimumNorm: false,
    nonConflicting: false,
    permutationEquivariant: true,
    linearUnderScaling: false,
    scaleEquivariant: true,
    stronglyStationary: true,
  },
  takesZeroGroups: false,
  parameters: {},
};

export const inverseNormWeighting: Weighting = ({ k, gram }, weights) => {
  const squares = weights.map((_, i) => gram[i * k + i]!);
  const shortest = Math.min(...squares);
  const parts = squares.map((square) => shortest / square);
  const total = parts.reduce((sum, part) => sum + part, 0);
  weights.set(parts.map((part) => part / total));
  return undefined;
};
