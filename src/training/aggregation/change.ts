import * as tf from '@tensorflow/tfjs-core';
import type { Measured, ParameterVector } from './products.ts';

/**
 * Δ = θ before − θ after something that assigns the variables, measured against gradients that are still there: what a step
 * really was, with momentum, preconditioner and weight decay. For numbers as near as these the subtraction is exact.
 */
export async function measureChange(
  measure: (vector: ParameterVector) => Promise<Measured>,
  variables: readonly tf.Variable[],
  move: () => void,
): Promise<Measured> {
  const before = tf.tidy(() => variables.map((variable) => tf.clone(variable)));
  try {
    move();
    const change = tf.tidy(() => variables.map((variable, i) => tf.sub(before[i]!, variable)));
    return await measure(change).finally(() => tf.dispose(change));
  } finally {
    tf.dispose(before);
  }
}
