import { applied, rankOf, spectrumOf } from '../spectrum.ts';
import type { AggregatorDescription, Weighting } from './description.ts';
import { shares } from './mean.ts';

export const alignedMtl: AggregatorDescription = {
  name: 'aligned-mtl',
  title: 'Aligned-MTL: mean of the gradients after making their principal components equally long',
  reference: 'Senushkin et al. 2023, arXiv:2305.19000',
  guarantee:
    'None for single groups: the aligned gradients are orthogonal, the given ones may have ⟨d, gᵢ⟩ < 0.',
  decidedBy: 'gram',
  properties: {
    convex: false,
    minimumNorm: false,
    nonConflicting: false,
    permutationEquivariant: true,
    linearUnderScaling: false,
    scaleEquivariant: true,
    stronglyStationary: true,
  },
  takesZeroGroups: true,
  parameters: {
    tolerance: {
      default: 1e-12,
      min: 0,
      max: 1,
      belowMax: true,
      description: 'Eigenvalues of the Gram matrix up to this share of the largest count as zero.',
    },
  },
};

/** w = √λ_r · V Λ^(−½) Vᵀp with the r positive eigenvalues λ₁ ≥ … ≥ λ_r of H: all singular values of Gᵀ become the least. */
export const alignedMtlWeighting: Weighting = ({ k, gram, sizes, parameters }, weights) => {
  const spectrum = spectrumOf(gram, k);
  const rank = rankOf(spectrum, parameters.tolerance!);
  const mean = shares(sizes);
  if (rank === 0) weights.set(mean);
  else {
    const least = spectrum.values[rank - 1]!;
    weights.set(applied(spectrum, rank, (value) => Math.sqrt(least / value), mean));
  }
  return undefined;
};
