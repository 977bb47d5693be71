import { minNorm } from '../minNorm/minNorm.ts';
import { roundingOf } from '../summation.ts';
import type { AggregatorDescription, Weighting } from './description.ts';
import { shares } from './mean.ts';

export const meanNormMatched: AggregatorDescription = {
  name: 'mean-norm-matched',
  title: 'Control: the mean, shortened to the length of GRAIN’s step',
  reference: 'control for arXiv:2606.22917',
  guarantee: 'None for single groups: the direction is the mean’s.',
  decidedBy: 'gram',
  properties: {
    convex: false,
    minimumNorm: false,
    nonConflicting: false,
    permutationEquivariant: true,
    linearUnderScaling: false,
    scaleEquivariant: true,
    stronglyStationary: false,
  },
  takesZeroGroups: false,
  parameters: {},
};

export const meanNormMatchedWeighting: Weighting = ({ k, gram, sizes }, weights) => {
  minNorm(gram, weights);
  const mean = shares(sizes);
  const shortest = squaredNorm(gram, weights);
  const mass = weights.reduce((sum, weight, i) => sum + weight * Math.sqrt(gram[i * k + i]!), 0);
  if (shortest <= roundingOf(k) * mass ** 2) {
    weights.fill(0);
    return undefined;
  }
  // The mean lies in the hull: only rounding can make it shorter.
  const ratio = Math.min(1, Math.sqrt(shortest / squaredNorm(gram, mean)));
  weights.set(mean.map((share) => share * ratio));
  return undefined;
};

/** ‖Σ wᵢgᵢ‖². */
function squaredNorm(gram: Float64Array, weights: Float64Array): number {
  const k = weights.length;
  let sum = 0;
  for (let i = 0; i < k; i++) {
    for (let j = 0; j < k; j++) sum += weights[i]! * weights[j]! * gram[i * k + j]!;
  }
  return sum;
}
