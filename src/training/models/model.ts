import type * as tf from '@tensorflow/tfjs-core';
import type * as tfl from '@tensorflow/tfjs-layers';

/** The `model` part of a config. */
export interface ModelConfig {
  /** Folder of a TensorFlow.js layers model (model.json and its weights); absent: from scratch. */
  readonly from?: string | undefined;
  readonly architecture?: 'mlp' | 'cnn' | undefined;
  /** Units of each hidden layer of an MLP. */
  readonly hidden?: readonly number[] | undefined;
  /** Filters of each convolution of a CNN. */
  readonly filters?: readonly number[] | undefined;
  /** How many layers with parameters, counted from the input, are left untrained. */
  readonly freeze?: number | undefined;
  /** `new` gives the last layer fresh values and as many outputs as the task needs. */
  readonly head?: 'keep' | 'new' | undefined;
}

/** What the data ask of a model. */
export interface ModelShape {
  /** Shape of one example, without the batch. */
  readonly input: readonly number[];
  /** Classes, or 1 for regression. */
  readonly outputs: number;
}

/** The trained variables of a layer, as indices into `Model.trainable`. */
export interface LayerVariables {
  readonly name: string;
  readonly variables: readonly number[];
}

/** A network being trained. Its outputs are logits (classification) or values (regression). */
export interface Model {
  readonly network: tfl.LayersModel;
  /** Trained variables, in the order of every list of gradients. */
  readonly trainable: readonly tf.Variable[];
  /** Of layers that are trained, from the input to the output. */
  readonly layers: readonly LayerVariables[];
  readonly parameterCount: { readonly total: number; readonly trainable: number };
  /** [n, …input] → [n, outputs]. The caller disposes of the result (or calls within `tf.tidy`). */
  apply(x: tf.Tensor): tf.Tensor2D;
  dispose(): void;
}

/** The model that was asked for cannot be built; the message says why and what would do. */
export class ModelError extends Error {
  override readonly name = 'ModelError';
}
