import type * as tf from '@tensorflow/tfjs-core';

/** A tensor of the network under its name in the checkpoint. */
export interface Parameter<T extends tf.Tensor = tf.Tensor> {
  readonly name: string;
  /** A variable where it is trained. */
  readonly value: T;
  readonly trained: boolean;
}

/** One parameter's gradients of all k groups. */
export interface StackedGradient {
  /** [k, …shape of the parameter], or of its rows `rows` alone. */
  readonly stacked: tf.Tensor;
  /** Where given: rows of the parameter outside of these have no gradient. Ascending. */
  readonly rows?: Int32Array;
}
