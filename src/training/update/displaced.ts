import * as tf from '@tensorflow/tfjs-core';
import type { ParameterVector } from '../aggregation/products.ts';

/** Work while the parameters are others; then they are what they were, to the bit. @param move assigns the others */
export async function displaced<T>(
  variables: readonly tf.Variable[],
  move: () => void,
  work: () => Promise<T>,
): Promise<T> {
  const before = copyOf(variables);
  try {
    move();
    return await work();
  } finally {
    assign(variables, before);
    tf.dispose([...before]);
  }
}

export function copyOf(variables: ParameterVector): ParameterVector {
  return tf.tidy(() => variables.map((variable) => tf.keep(tf.clone(variable))));
}

export function assign(variables: readonly tf.Variable[], values: ParameterVector): void {
  for (const [v, variable] of variables.entries()) variable.assign(values[v]!);
}
