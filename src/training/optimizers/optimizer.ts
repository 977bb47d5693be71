import type * as tf from '@tensorflow/tfjs-core';

/** One named array of an optimizer's state. */
export interface NamedArray {
  readonly name: string;
  readonly shape: readonly number[];
  readonly values: Float32Array;
}

/** Everything that an optimizer carries from step to step. */
export interface OptimizerState {
  readonly steps: number;
  readonly slots: readonly NamedArray[];
}

/** An optimizer whose diagonal preconditioner can be computed before the gradient that it multiplies. */
export interface Preconditioned {
  /**
   * Prepares the next step: the second moments average the groups' squared gradients instead of the square of the combined one.
   *
   * @param gradients of each group, one tensor per variable
   * @param shares of the groups, adding up to 1
   * @returns P^½, one tensor per variable; the caller disposes of them. Without momentum and decay the step is proportional to Pd.
   * Until `step`, the optimizer's state does not change.
   */
  prepare(
    variables: readonly tf.Variable[],
    gradients: readonly (readonly tf.Tensor[])[],
    shares: readonly number[],
  ): readonly tf.Tensor[];
  /** Cancels a prepared step, if there is one. */
  discardPrepared(): void;
}

/** Updates variables by their gradients. The same inputs give the same bits on the same device. */
export interface Optimizer {
  /** `gradients[i]` belongs to `variables[i]`, of the same shape; neither is disposed of. */
  step(
    variables: readonly tf.Variable[],
    gradients: readonly tf.Tensor[],
    learningRate: number,
  ): void;
  state(): Promise<OptimizerState>;
  /** Restores a saved state; the next step must have variables of the same shapes. */
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
