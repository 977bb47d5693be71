import * as tf from '@tensorflow/tfjs-core';
import { disposeOnError, readAndDispose } from './disposal.ts';
import type { ParameterVector } from './products.ts';

/**
 * Computes the diagonal P that the optimizer will multiply the step with, from the groups' gradients and their shares of the examples.
 *
 * @returns P^½, one tensor per variable; the caller disposes of them
 */
export type Preconditioner = (
  gradients: readonly ParameterVector[],
  shares: readonly number[],
) => readonly tf.Tensor[];

/**
 * P^½gᵢ for each group. A gradient that is not finite does not enter P and is not replaced: the engine leaves its group out.
 *
 * @param sizes examples of each group
 * @returns them and P^½, new tensors
 */
export async function inPreconditionedMetric(
  preconditioner: Preconditioner,
  gradients: readonly ParameterVector[],
  sizes: readonly number[],
): Promise<{ readonly rows: tf.Tensor[][]; readonly root: ParameterVector }> {
  const finite = await indicesOfFinite(gradients);
  const used = finite.length > 0 ? finite : gradients.map((_, i) => i);
  const total = used.reduce((sum, i) => sum + sizes[i]!, 0);
  const root = preconditioner(
    used.map((i) => gradients[i]!),
    used.map((i) => sizes[i]! / total),
  );
  const rows = await disposeOnError(root, async () =>
    tf.tidy(() => gradients.map((parts) => parts.map((part, v) => tf.mul(part, root[v]!)))),
  );
  return { rows, root };
}

/** Indices of the gradients without NaN or infinity: 0·x is 0 exactly if x is finite. */
async function indicesOfFinite(gradients: readonly ParameterVector[]): Promise<number[]> {
  const tests = tf.tidy(() =>
    tf.stack(
      gradients.map((parts) =>
        parts.map((part) => tf.sum(tf.mul(part, 0))).reduce((total, one) => tf.add(total, one)),
      ),
    ),
  );
  return Array.from(await readAndDispose(tests)).flatMap((value, i) => (value === 0 ? [i] : []));
}
