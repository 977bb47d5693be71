import type { AggregatorDescription } from './description.ts';

/** GRAIN in each parameter block by itself; see `aggregateBlocks`. */
export const grainLayerwise: AggregatorDescription = {
  name: 'grain-layerwise',
  title: 'GRAIN by layer: the shortest vector in the hull of each parameter block’s gradients',
  reference: 'arXiv:2606.22917, in each block by itself',
  guarantee:
    'No group is made worse to first order, in any block and so in all: ⟨d, gᵢ⟩ = Σ_b ⟨d_b, g_ib⟩ ≥ ‖d‖² ≥ 0; d is no longer than GRAIN’s.',
  decidedBy: 'block-grams',
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
