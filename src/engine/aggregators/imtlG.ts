import { cosinesOf } from '../gram.ts';
import { applied, rankOf, spectrumOf } from '../spectrum.ts';
import type { AggregatorDescription, Weighting } from './description.ts';

/** |Σv| below this share of Σ|v|: the weights v/Σv would be rounding. */
const NO_SUM = 1e-12;

export const imtlG: AggregatorDescription = {
  name: 'imtl-g',
  title: 'IMTL-G: the direction that has the same cosine with every group',
  reference:
    'Liu et al. 2021 (ICLR), openreview IMPnRXEWpvr; for dependent gradients Quinton & Rey 2024, arXiv:2406.16232',
  guarantee:
    'Where the gradients are independent, d has the same cosine with every group; it may be negative for all of them.',
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
  parameters: {
    tolerance: {
      default: 1e-12,
      min: 0,
      max: 1,
      belowMax: true,
      description: 'Eigenvalues up to this share of the largest count as zero.',
    },
  },
};

export const imtlGWeighting: Weighting = ({ k, gram, parameters }, weights) => {
  const v = impartial(gram, k, parameters.tolerance!);
  let sum = 0;
  let mass = 0;
  for (const entry of v) {
    sum += entry;
    mass += Math.abs(entry);
  }
  if (Math.abs(sum) > NO_SUM * mass) weights.set(v.map((entry) => entry / sum));
  return undefined;
};

/**
 * v with Hv = n, n the norms; where H is singular, H⁺n. H⁻¹n is computed as D⁻¹C⁻¹1 with D = diag(n) and the cosines C = D⁻¹HD⁻¹,
 * in which short gradients are not lost in rounding.
 */
function impartial(gram: Float64Array, k: number, tolerance: number): Float64Array {
  const { norms, cosines } = cosinesOf(gram, k);
  const ofCosines = spectrumOf(cosines, k);
  if (rankOf(ofCosines, tolerance) === k) {
    const ones = new Float64Array(k).fill(1);
    return applied(ofCosines, k, (value) => 1 / value, ones).map((x, i) => x / norms[i]!);
  }
  const spectrum = spectrumOf(gram, k);
  return applied(spectrum, rankOf(spectrum, tolerance), (value) => 1 / value, norms);
}
