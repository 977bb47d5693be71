import type { AggregatorDescription, Weighting } from './description.ts';

export const mean: AggregatorDescription = {
  name: 'mean',
  title: 'Mean: plain training on the union of the groups',
  reference: 'Robbins & Monro 1951, doi:10.1214/aoms/1177729586',
  guarantee: 'None for single groups: the mean conflicts with a group whenever ⟨d, gᵢ⟩ < 0.',
  decidedBy: 'gram',
  weighsBySizes: true,
  properties: {
    convex: true,
    minimumNorm: false,
    nonConflicting: false,
    permutationEquivariant: true,
    linearUnderScaling: true,
    scaleEquivariant: true,
    stronglyStationary: true,
  },
  takesZeroGroups: true,
  parameters: {},
};

export const meanWeighting: Weighting = ({ sizes }, weights) => {
  weights.set(shares(sizes));
  return undefined;
};

/** Share of each group in all examples: sizeᵢ / Σ sizeⱼ. */
export function shares(sizes: Float64Array): Float64Array {
  let total = 0;
  for (const size of sizes) total += size;
  return sizes.map((size) => size / total);
}
