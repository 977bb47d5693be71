import type * as tf from '@tensorflow/tfjs-core';
import type { Help } from '../../config/diagnostic.ts';

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

/** A network being trained. */
export interface Model {
  /** Trained variables, in the order of every list of gradients. */
  readonly trainable: readonly tf.Variable[];
  /** Of layers that are trained, from the input to the output. */
  readonly layers: readonly LayerVariables[];
  readonly parameterCount: { readonly total: number; readonly trainable: number };
  /** Writes the weights into the folder of a checkpoint and waits until they are on disk. */
  save(folder: string): Promise<void>;
  /**
   * Sets the weights to those that `save` wrote.
   *
   * @throws when they are not those of this model
   */
  load(folder: string): Promise<void>;
  dispose(): void;
}

/** The model that was asked for cannot be built; the message says why and what would do. */
export class ModelError extends Error {
  override readonly name = 'ModelError';
  /** What of the config is to be mended, and how. */
  readonly at: { readonly key: readonly (string | number)[]; readonly help: Help };

  constructor(
    message: string,
    {
      key = ['model'],
      help = { expected: 'a model that fits the data' },
      ...options
    }: ErrorOptions & { key?: readonly (string | number)[]; help?: Help } = {},
  ) {
    super(message, options);
    this.at = { key, help };
  }
}
