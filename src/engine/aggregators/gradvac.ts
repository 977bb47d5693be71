import { stepRandom } from '../seededRandom.ts';
import type { AggregatorDescription, Weighting, WeightingProblem } from './description.ts';
import { shares } from './mean.ts';

/** Targets are limited to this, where the turn stays finite: cos⁻¹ is 10⁻⁴ there. */
const LARGEST_TARGET = 1 - 5e-9;

export const gradvac: AggregatorDescription = {
  name: 'gradvac',
  title: 'GradVac: mean of the gradients, each turned to its usual cosine with the others',
  reference: 'Wang et al. 2020, arXiv:2010.05874',
  guarantee:
    'None for single groups: cosines are raised to their moving averages, which may be negative; the first step is PCGrad’s.',
  decidedBy: 'gram',
  properties: {
    convex: false,
    minimumNorm: false,
    nonConflicting: false,
    permutationEquivariant: false,
    linearUnderScaling: true,
    scaleEquivariant: true,
    stronglyStationary: true,
  },
  takesZeroGroups: true,
  parameters: {
    beta: {
      default: 0.5,
      min: 0,
      max: 1,
      description: 'Share of the present cosine in the moving average that is the target.',
    },
  },
};

export const gradvacWeighting: Weighting = (problem, weights) => {
  const random = stepRandom(problem.seed);
  return gradvacWeights(problem, () => random.permutation(problem.k), weights);
};

/**
 * Weights of Σ pᵢgᵢ', gᵢ' being gᵢ after one pass over the others: where its cosine φ with gⱼ is below the target φ̂ᵢⱼ, as much
 * of gⱼ is added as makes it φ̂ᵢⱼ. Targets start at 0 and follow φ by a moving average.
 *
 * @param order the order in which group i meets the groups; i itself is skipped
 * @returns φ̂, k×k row-major
 */
export function gradvacWeights(
  { k, gram, sizes, parameters, groups, memory }: Omit<WeightingProblem, 'seed'>,
  order: (i: number) => readonly number[],
  weights: Float64Array,
): number[] {
  const beta = parameters.beta!;
  const targets = rememberedTargets(groups, memory);
  const norms = Float64Array.from({ length: k }, (_, i) => Math.sqrt(gram[i * k + i]!));
  const own = new Float64Array(k);
  /** ⟨gᵢ', gⱼ⟩ for every j. */
  const inner = new Float64Array(k);
  for (const [i, share] of shares(sizes).entries()) {
    own.fill(0)[i] = 1;
    inner.set(gram.subarray(i * k, (i + 1) * k));
    for (const j of order(i)) {
      let norm2 = 0;
      for (let m = 0; m < k; m++) norm2 += own[m]! * inner[m]!;
      // A gradient that is zero has no angle to any.
      if (j === i || !(norm2 > 0) || norms[j] === 0) continue;
      const norm = Math.sqrt(norm2);
      const cosine = Math.max(-1, Math.min(1, inner[j]! / norm / norms[j]!));
      const target = Math.min(targets[i * k + j]!, LARGEST_TARGET);
      if (cosine < target) {
        const sine = Math.sqrt(1 - cosine * cosine);
        const targetSine = Math.sqrt(1 - target * target);
        const added = (norm * (target * sine - cosine * targetSine)) / (norms[j]! * targetSine);
        own[j]! += added;
        for (let m = 0; m < k; m++) inner[m]! += added * gram[j * k + m]!;
      }
      targets[i * k + j] = (1 - beta) * targets[i * k + j]! + beta * cosine;
    }
    for (let m = 0; m < k; m++) weights[m]! += share * own[m]!;
  }
  return targets;
}

/** The targets between groups of the previous step; 0 for new ones. */
function rememberedTargets(
  groups: readonly number[],
  memory: WeightingProblem['memory'],
): number[] {
  const known = memory?.groups ?? [];
  const before = groups.map((group) => known.indexOf(group));
  return before.flatMap((i) =>
    before.map((j) => (i < 0 || j < 0 ? 0 : (memory?.state?.[i * known.length + j] ?? 0))),
  );
}
