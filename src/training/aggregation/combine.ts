import * as tf from '@tensorflow/tfjs-core';
import type { GroupGradient } from '../../nn/module/gradientSource.ts';

/**
 * d = Σ wᵢgᵢ, one tensor per variable; null if no weight of any variable is other than 0: there is nothing to step along.
 *
 * @param weightsOf the weights, length k, that hold for a variable
 */
export function combine(
  groups: readonly GroupGradient[],
  weightsOf: (variable: number) => Float64Array,
): readonly tf.Tensor[] | null {
  const variables = groups[0]!.gradients.map((_, variable) => variable);
  if (variables.every((v) => weightsOf(v).every((weight) => weight === 0))) return null;
  return tf.tidy(() => variables.map((v) => combineOne(groups, v, weightsOf(v))));
}

/**
 * ((w₀g₀ + w₁g₁) + w₂g₂) + …, each product and sum rounded to float32: bit for bit what gradient accumulation over the groups
 * computes, where the weights are those of the mean. A weight of 0 leaves its group out, even one that is not finite.
 */
function combineOne(
  groups: readonly GroupGradient[],
  variable: number,
  weights: Float64Array,
): tf.Tensor {
  const terms = groups.flatMap(({ gradients }, i) =>
    weights[i] === 0 ? [] : tf.mul(gradients[variable]!, weights[i]!),
  );
  if (terms.length === 0) return tf.zerosLike(groups[0]!.gradients[variable]!);
  return terms.reduce((sum, term) => tf.add(sum, term));
}
