import type * as tf from '@tensorflow/tfjs-core';
import type { CheckpointFormat } from './checkpointFormat.ts';
import type { LayerVariables, LinearWeight, Model } from './module/model.ts';
import type { Parameter } from './module/parameter.ts';
import type { NetworkParameters } from './parameters/networkParameters.ts';

/** A transformer as a model to be trained. */
export class TransformerModel implements Model {
  readonly trainable: readonly tf.Variable[];
  readonly layers: readonly LayerVariables[];
  readonly head: readonly number[];
  readonly pretrainedLinear: readonly LinearWeight[];
  readonly parameterCount: Model['parameterCount'];
  /** Indices of variables that are used in several places. */
  readonly tied: readonly number[];
  readonly #parameters: NetworkParameters;
  readonly #indices: ReadonlyMap<Parameter, number>;
  readonly #files: CheckpointFormat;

  /** @param tied parameters that are used in several places */
  constructor(parameters: NetworkParameters, tied: readonly Parameter[], files: CheckpointFormat) {
    this.trainable = parameters.trainable;
    this.layers = parameters.layers;
    this.head = parameters.head;
    this.pretrainedLinear = parameters.pretrainedLinear;
    this.parameterCount = { total: sizeOf(parameters.all), trainable: sizeOf(parameters.trained) };
    this.#parameters = parameters;
    this.#indices = new Map(parameters.trained.map((parameter, index) => [parameter, index]));
    this.tied = tied.filter(({ trained }) => trained).map((parameter) => this.indexOf(parameter));
    this.#files = files;
  }

  /** Index of a trained parameter in `trainable`. */
  indexOf(parameter: Parameter): number {
    return this.#indices.get(parameter)!;
  }

  save(folder: string): Promise<void> {
    return this.#files.write(folder, this.#parameters);
  }

  async load(folder: string): Promise<void> {
    const tensors = await this.#files.open(folder);
    try {
      await this.#parameters.assign(tensors, folder);
    } finally {
      await tensors.close();
    }
  }

  dispose(): void {
    this.#parameters.dispose();
  }
}

function sizeOf(parameters: NetworkParameters['all']): number {
  return parameters.reduce((sum, { value }) => sum + value.size, 0);
}
