import { stepRandom } from '../seededRandom.ts';
import type { AggregatorDescription } from './description.ts';

export const graddrop: AggregatorDescription = {
  name: 'graddrop',
  title: 'GradDrop: mean of the gradients, in each coordinate of one randomly chosen sign',
  reference: 'Chen et al. 2020, arXiv:2010.06808',
  guarantee:
    'None for single groups: coordinates agree in sign, inner products need not be ≥ 0; where all signs agree d is the mean.',
  decidedBy: 'coordinates',
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
    leak: {
      default: 0,
      min: 0,
      max: 1,
      description: 'Share of each gradient that passes whatever its sign; 1 is the mean.',
    },
  },
};

type Row = Float32Array | Float64Array;

/**
 * Mean of the gradients after sign dropout: in each coordinate the positive entries pass with probability
 * P = ½(1 + Σgᵢ/Σ|gᵢ|) and the negative ones otherwise; those of the other sign are multiplied by `leak`.
 *
 * @param gradients k rows of length d, finite
 * @param leak 0…1
 * @param random a seed, or a function that gives a number in [0, 1) for each coordinate in turn
 * @returns length d
 * @throws RangeError if there is no row or the lengths differ
 */
export function gradDrop(
  gradients: readonly Row[],
  leak: number,
  random: number | (() => number),
): Float64Array {
  const d = gradients[0]?.length;
  if (d === undefined || gradients.some((row) => row.length !== d)) {
    throw new RangeError(
      `gradients of lengths ${gradients.map((row) => row.length).join(', ')}; expected at least one, all of one length`,
    );
  }
  const uniform = typeof random === 'number' ? stepRandom(random).uniform : random;
  const mean = new Float64Array(d);
  for (let at = 0; at < d; at++) {
    let positive = 0;
    let negative = 0;
    for (const row of gradients) {
      const entry = row[at]!;
      if (entry > 0) positive += entry;
      else negative += entry;
    }
    const threshold = uniform();
    // P > threshold, with P = positive / (positive − negative).
    const takesPositive = positive > threshold * (positive - negative);
    const passed = takesPositive ? positive + leak * negative : leak * positive + negative;
    mean[at] = passed / gradients.length;
  }
  return mean;
}
