import * as tf from '@tensorflow/tfjs-core';
import type * as tfl from '@tensorflow/tfjs-layers';
import { modelFolder } from '../../config/modelOrigin.ts';
import {
  type LayerVariables,
  type Model,
  type ModelConfig,
  ModelError,
  type ModelShape,
} from '../module/model.ts';
import { cnn } from './cnn.ts';
import { readArtifacts, writeArtifacts } from './files.ts';
import { mlp } from './mlp.ts';
import { pretrained } from './pretrained.ts';

const DEFAULT_HIDDEN = [64];
const DEFAULT_FILTERS = [8, 16];

/**
 * Builds the model of a config, from scratch or from a saved one.
 * @param seed decides every fresh value; the same seed gives the same values on every device.
 * @param baseFolder paths in the config are relative to it.
 * @throws ModelError when config, saved model and data do not fit together.
 */
export async function buildModel(
  config: ModelConfig,
  shape: ModelShape,
  seed: number,
  baseFolder: string,
): Promise<TrainableNetwork> {
  const network = config.from
    ? await pretrained(modelFolder(config.from, baseFolder), config.head, shape, seed)
    : fromScratch(config, shape, seed);
  freeze(network, config.freeze ?? 0);
  return new TrainableNetwork(network);
}

function fromScratch(config: ModelConfig, shape: ModelShape, seed: number): tfl.LayersModel {
  switch (config.architecture) {
    case 'cnn':
      return cnn(config.filters ?? DEFAULT_FILTERS, shape, seed);
    case 'mlp':
    case undefined:
      return mlp(config.hidden ?? DEFAULT_HIDDEN, shape, seed);
  }
}

function freeze(network: tfl.LayersModel, count: number): void {
  const layers = network.layers.filter((layer) => layer.weights.length > 0);
  if (count >= layers.length) {
    throw new ModelError(
      `model.freeze: ${count} leaves nothing to train: the model has ${layers.length} layers with parameters`,
    );
  }
  for (const layer of layers.slice(0, count)) layer.trainable = false;
}

/** A layers model. Its outputs are logits (classification) or values (regression). */
export class TrainableNetwork implements Model {
  readonly network: tfl.LayersModel;
  readonly trainable: readonly tf.Variable[];
  readonly layers: readonly LayerVariables[];
  readonly parameterCount: Model['parameterCount'];

  constructor(network: tfl.LayersModel) {
    this.network = network;
    this.trainable = variables(network.trainableWeights);
    this.layers = network.layers
      .map(({ name, trainableWeights }) => ({
        name,
        variables: variables(trainableWeights).map((variable) => this.trainable.indexOf(variable)),
      }))
      .filter(({ variables: { length } }) => length > 0);
    this.parameterCount = {
      total: count(variables(network.weights)),
      trainable: count(this.trainable),
    };
  }

  /**
   * [n, …input] → [n, outputs]. The caller disposes of the result (or calls within `tf.tidy`). Layers that behave differently in
   * training (dropout, batch normalisation) act as in inference: steps are deterministic.
   */
  apply(x: tf.Tensor): tf.Tensor2D {
    return this.network.apply(x, { training: false }) as tf.Tensor2D;
  }

  /** As TensorFlow.js writes them: model.json and weights.bin. */
  async save(folder: string): Promise<void> {
    await this.network.save(
      tf.io.withSaveHandler(async (artifacts) => {
        await writeArtifacts(folder, artifacts);
        return { modelArtifactsInfo: { dateSaved: new Date(), modelTopologyType: 'JSON' } };
      }),
    );
  }

  async load(folder: string): Promise<void> {
    const { weightData, weightSpecs } = await readArtifacts(folder);
    const weights = tf.io.decodeWeights(weightData!, weightSpecs!);
    this.network.loadWeights(weights);
    tf.dispose(weights);
  }

  dispose(): void {
    tf.dispose(variables(this.network.weights));
  }
}

/** The tensors behind tfjs-layers' weights; `read` promises a tensor but hands out the variable itself. */
function variables(weights: readonly tfl.LayerVariable[]): tf.Variable[] {
  return weights.map((weight) => weight.read() as tf.Variable);
}

function count(tensors: readonly tf.Tensor[]): number {
  return tensors.reduce((sum, tensor) => sum + tensor.size, 0);
}
