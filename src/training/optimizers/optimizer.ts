import type * as tf from '@tensorflow/tfjs-core';

/** One named array of an optimizer's memory. */
export interface NamedArray {
  readonly name: string;
  readonly shape: readonly number[];
  readonly values: Float32Array;
}

/** All that an optimizer remembers between steps. */
export interface OptimizerState {
  readonly steps: number;
  readonly slots: readonly NamedArray[];
}

/** The diagonal that an optimizer is about to multiply a gradient with, where it can be known before the gradient is. */
export interface Preconditioned {
  /**
   * Takes in the groups' gradients of the step to come, in place of the square of what they are combined to.
   *
   * @param gradients of each group, one tensor per variable
   * @param shares of the groups, adding up to 1
   * @returns P^½, one tensor per variable, so that without momentum and decay the step is in proportion to Pd; the caller
   * disposes of them. A step that is not taken leaves no trace.
   */
  prepare(
    variables: readonly tf.Variable[],
    gradients: readonly (readonly tf.Tensor[])[],
    shares: readonly number[],
  ): readonly tf.Tensor[];
  /** The step that was prepared, if one was, will not be taken. */
  discardPrepared(): void;
}

/** Changes variables by their gradients. The same inputs give the same bits on the same device. */
export interface Optimizer {
  /** `gradients[i]` belongs to `variables[i]`, of the same shape; neither is disposed of. */
  step(
    variables: readonly tf.Variable[],
    gradients: readonly tf.Tensor[],
    learningRate: number,
  ): void;
  state(): Promise<OptimizerState>;
  /** Goes back to a state saved earlier; the next step must come with variables of the same shapes. */
  restore(state: OptimizerState): void;
  dispose(): void;
}

/** The `optimizer` part of a config. */
export interface OptimizerConfig {
  readonly name: 'sgd' | 'adamw';
  readonly momentum: number;
  readonly weightDecay: number;
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
}
