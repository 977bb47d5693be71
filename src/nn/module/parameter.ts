import type * as tf from '@tensorflow/tfjs-core';

/** A tensor of the network under its name in the checkpoint. */
export interface Parameter<T extends tf.Tensor = tf.Tensor> {
  readonly name: string;
  /** A variable if it is trained. */
  readonly value: T;
  readonly trained: boolean;
  /** Its values come from a checkpoint. */
  readonly isPretrained: boolean;
}

/** One parameter's gradients of all k groups. */
export interface StackedGradient {
  /** [k, …shape of the parameter], or [k, rows.length, …] if `rows` is given. */
  readonly stacked: tf.Tensor;
  /** The parameter's rows that have a gradient, ascending; all others have none. */
  readonly rows?: Int32Array;
}

/** Receives the groups' gradients during the backward pass, by parameter. */
export interface ParameterSink {
  /** Takes ownership of the tensor. Several gradients of one parameter are summed. */
  add(parameter: Parameter, gradient: StackedGradient): void;
  /** Awaited after each layer of the backward pass: except for tied parameters, the layers above are complete. */
  flush(): Promise<void>;
}
