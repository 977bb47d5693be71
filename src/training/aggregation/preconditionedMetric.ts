import * as tf from '@tensorflow/tfjs-core';
import { readAndDispose } from './disposal.ts';
import type { ParameterVector } from './products.ts';

/**
 * Diagonal that the optimizer is about to multiply with, from gradients of the groups and their shares in the examples.
 *
 * @returns P^½, one tensor per variable; the caller disposes of them
 */
export type Preconditioner = (
  gradients: readonly ParameterVector[],
  shares: readonly number[],
) => readonly tf.Tensor[];

/**
 * P^½gᵢ for each group. A gradient that is not finite has no say in P, and stays what it is: it is for the engine to leave out.
 *
 * @param sizes examples of each group
 * @returns tensors of their own
 */
export async function inPreconditionedMetric(
  preconditioner: Preconditioner,
  gradients: readonly ParameterVector[],
  sizes: readonly number[],
): Promise<tf.Tensor[][]> {
  const finite = await finiteOnes(gradients);
  const kept = finite.length > 0 ? finite : gradients.map((_, i) => i);
  const total = kept.reduce((sum, i) => sum + sizes[i]!, 0);
  const root = preconditioner(
    kept.map((i) => gradients[i]!),
    kept.map((i) => sizes[i]! / total),
  );
  try {
    return tf.tidy(() => gradients.map((parts) => parts.map((part, v) => tf.mul(part, root[v]!))));
  } finally {
    tf.dispose([...root]);
  }
}

/** Indices of the gradients without NaN and infinity: 0·x is 0 for what is finite. */
async function finiteOnes(gradients: readonly ParameterVector[]): Promise<number[]> {
  const tests = tf.tidy(() =>
    tf.stack(
      gradients.map((parts) =>
        parts.map((part) => tf.sum(tf.mul(part, 0))).reduce((total, one) => tf.add(total, one)),
      ),
    ),
  );
  return Array.from(await readAndDispose(tests)).flatMap((value, i) => (value === 0 ? [i] : []));
}
