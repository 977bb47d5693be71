import type * as tf from '@tensorflow/tfjs-core';
import type { StackedGradient } from './parameter.ts';

/** How a network delivers the gradients of a step's groups. */
export type GradientSource = SeparateSource | GroupedSource;

/** One group after another, each computed when it is asked for. */
export interface SeparateSource {
  readonly kind: 'separate';
  readonly groups: Iterable<GroupGradient> | AsyncIterable<GroupGradient>;
}

/** One group's loss and gradient. The receiver disposes of its tensors. */
export interface GroupGradient {
  /** Mean loss over the group, before the step. A tensor: reading it waits for a GPU, so it is read once a step. */
  readonly loss: tf.Scalar;
  /** In the order, and of the shapes, of `model.trainable`. */
  readonly gradients: readonly tf.Tensor[];
}

/** All groups in one forward and backward pass, variable by variable. */
export interface GroupedSource {
  readonly kind: 'grouped';
  /** Variables used in several places: each place adds a gradient, the last of them perhaps at the end of the backward pass. */
  readonly tied?: readonly number[];
  /**
   * May be called again and then gives the same gradients.
   *
   * @returns mean loss of each group, before the step
   */
  run(sink: VariableSink): Promise<readonly number[]>;
}

/** Receives the groups' gradients during the backward pass, by index into `model.trainable`. */
export interface VariableSink {
  /**
   * Takes ownership of the tensor, which outlives any scope. Several gradients of one variable are summed, rows and all.
   *
   * @param variable index into `model.trainable`
   */
  add(variable: number, gradient: StackedGradient): void;
  /** Awaited after each layer of the backward pass: gradients that are complete may be aggregated and disposed of. */
  flush(): Promise<void>;
}
