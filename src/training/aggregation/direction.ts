import * as tf from '@tensorflow/tfjs-core';
import type { Device } from '../../backends/device.ts';
import { valuesOf } from '../../backends/hostValues.ts';
import { gradDrop } from '../../engine/aggregators/graddrop.ts';
import { type StepRandom, stepRandom } from '../../engine/seededRandom.ts';
import type { GroupGradient } from '../../nn/module/gradientSource.ts';
import type { ParameterVector } from './products.ts';

/**
 * d = Σ wᵢgᵢ, one tensor per variable; null if all weights of all variables are 0.
 *
 * @param weightsOf the weights of a variable, length k
 */
export function weightedSum(
  groups: readonly GroupGradient[],
  weightsOf: (variable: number) => Float64Array,
): readonly tf.Tensor[] | null {
  const variables = groups[0]!.gradients.map((_, variable) => variable);
  if (variables.every((v) => weightsOf(v).every((weight) => weight === 0))) return null;
  return tf.tidy(() => variables.map((v) => combineOne(groups, v, weightsOf(v))));
}

/**
 * ((w₀g₀ + w₁g₁) + w₂g₂) + …, each product and sum rounded to float32: bit for bit what gradient accumulation over the groups
 * computes, if the weights are those of the mean. A weight of 0 leaves its group out, even one that is not finite.
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

/**
 * GradDrop's d from k gradients, one tensor per variable; see `gradDrop`. Random numbers are drawn coordinate by coordinate and
 * variable by variable, the same on every device.
 *
 * @param rows the gradients, finite
 * @param leak 0…1
 */
export function dropSigns(
  device: Device,
  rows: readonly ParameterVector[],
  leak: number,
  seed: number,
): tf.Tensor[] {
  const random = stepRandom(seed);
  const dropOne = device.hostMemory ? dropInMemory : dropOnDevice;
  return tf.tidy(() =>
    rows[0]!.map((_, variable) =>
      dropOne(
        rows.map((row) => row[variable]!),
        leak,
        random,
      ),
    ),
  );
}

function dropInMemory(
  gradients: readonly tf.Tensor[],
  leak: number,
  random: StepRandom,
): tf.Tensor {
  const rows = gradients.map((gradient) => valuesOf(gradient));
  const mean = gradDrop(rows, leak, random.uniform);
  return tf.tensor(Float32Array.from(mean), gradients[0]!.shape);
}

/** `gradDrop` on tensors. */
export function dropOnDevice(
  gradients: readonly tf.Tensor[],
  leak: number,
  random: StepRandom,
): tf.Tensor {
  const { size, shape } = gradients[0]!;
  return tf.tidy(() => {
    const uniform = tf.tensor(Float32Array.from({ length: size }, random.uniform), shape);
    const positive = sum(gradients.map((gradient) => tf.relu(gradient)));
    const negative = sum(gradients.map((gradient) => tf.minimum(gradient, 0)));
    const takesPositive = tf.greater(positive, tf.mul(uniform, tf.sub(positive, negative)));
    const passed = tf.where(
      takesPositive,
      tf.add(positive, tf.mul(negative, leak)),
      tf.add(tf.mul(positive, leak), negative),
    );
    return tf.div(passed, gradients.length);
  });
}

function sum(tensors: readonly tf.Tensor[]): tf.Tensor {
  return tensors.reduce((total, tensor) => tf.add(total, tensor));
}
