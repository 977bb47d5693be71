import type * as tfl from '@tensorflow/tfjs-layers';
import { userPath } from '../../config/userPath.ts';
import { type ModelConfig, ModelError, type ModelShape } from '../module/model.ts';
import { fromScratch } from './fromScratch.ts';
import { pretrained } from './pretrained.ts';
import { TrainableNetwork } from './trainableNetwork.ts';

/**
 * Builds the model of a config, from scratch or from a saved one.
 * @param seed for all initial values, which are the same on every device
 * @param baseFolder paths in the config are relative to it
 * @throws ModelError if config, saved model and data do not fit together
 */
export async function buildModel(
  config: ModelConfig,
  shape: ModelShape,
  seed: number,
  baseFolder: string,
): Promise<TrainableNetwork> {
  const network = config.from
    ? await pretrained(userPath(config.from, baseFolder), config.head, shape, seed)
    : fromScratch(config, shape, seed);
  freeze(network, config.freeze ?? 0);
  return new TrainableNetwork(network);
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
