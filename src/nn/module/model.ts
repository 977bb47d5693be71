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
  /** Number of layers with parameters, counted from the input, that are not trained. */
  readonly freeze?: number | undefined;
  /** `new` initializes the last layer anew, with as many outputs as the task needs. */
  readonly head?: 'keep' | 'new' | undefined;
}

/** The shape that the data require of a model. */
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

/** The weights of a linear layer, as an index into `Model.trainable`, and which of their axes is that of the inputs. */
export interface LinearWeight {
  readonly variable: number;
  readonly inputs: 0 | 1;
}

/** A network to be trained. */
export interface Model {
  /** Trained variables, in the order of every list of gradients. */
  readonly trainable: readonly tf.Variable[];
  /** The trained layers, from input to output. */
  readonly layers: readonly LayerVariables[];
  /** Indices into `trainable` of what only the task has, the last layers; ascending. */
  readonly head: readonly number[];
  /** Weights of linear layers below the head whose values come from a checkpoint. */
  readonly pretrainedLinear: readonly LinearWeight[];
  readonly parameterCount: { readonly total: number; readonly trainable: number };
  /** Writes the weights into the folder of a checkpoint; resolves when they are on disk. */
  save(folder: string): Promise<void>;
  /**
   * Loads the weights that `save` wrote.
   *
   * @throws if they do not fit this model
   */
  load(folder: string): Promise<void>;
  dispose(): void;
}

/** The requested model cannot be built; the message says why and what to do. */
export class ModelError extends Error {
  override readonly name = 'ModelError';
  /** The key of the config to correct, and how. */
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
