import * as tfl from '@tensorflow/tfjs-layers';
import { uniformInt } from 'pure-rand/distribution/uniformInt';
import { keyedRandom } from '../../engine/keyedRandom.ts';
import { type ModelConfig, ModelError, type ModelShape } from '../module/model.ts';

const DEFAULT_HIDDEN = [64];
const DEFAULT_FILTERS = [8, 16];

/** The network that a config without `model.from` describes. */
export function fromScratch(config: ModelConfig, shape: ModelShape, seed: number): tfl.LayersModel {
  switch (config.architecture) {
    case 'cnn':
      return cnn(config.filters ?? DEFAULT_FILTERS, shape, seed);
    case 'mlp':
    case undefined:
      return mlp(config.hidden ?? DEFAULT_HIDDEN, shape, seed);
  }
}

/** Multi-layer perceptron: dense layers with ReLU (He initialization), then a linear head. */
export function mlp(hidden: readonly number[], shape: ModelShape, seed: number): tfl.LayersModel {
  const nextSeed = layerSeeds(seed);
  const network = tfl.sequential();
  network.add(tfl.layers.inputLayer({ inputShape: [...shape.input], name: 'input' }));
  if (shape.input.length > 1) network.add(tfl.layers.flatten({ name: 'flatten' }));
  hidden.forEach((units, i) => {
    network.add(
      tfl.layers.dense({
        name: `hidden${i + 1}`,
        units,
        activation: 'relu',
        kernelInitializer: tfl.initializers.heUniform({ seed: nextSeed() }),
      }),
    );
  });
  network.add(denseHead(shape.outputs, nextSeed()));
  return network;
}

/** Small convolutional network: for each entry of `filters` a 3×3 convolution with ReLU and a 2×2 max pooling, then a linear head. */
export function cnn(filters: readonly number[], shape: ModelShape, seed: number): tfl.LayersModel {
  const { input, outputs } = shape;
  if (input.length !== 3) {
    throw new ModelError(
      `a CNN needs images, but examples have the shape [${input}]. Set data.image: [height, width, channels], or use architecture: mlp`,
    );
  }
  const side = Math.min(input[0]!, input[1]!);
  if (side < 2 ** filters.length) {
    throw new ModelError(
      `each of the ${filters.length} convolutions halves the image, and ${input[0]}×${input[1]} pixels are too few. Set at most ${Math.floor(Math.log2(side))} filters`,
    );
  }
  const nextSeed = layerSeeds(seed);
  const network = tfl.sequential();
  network.add(tfl.layers.inputLayer({ inputShape: [...input], name: 'input' }));
  filters.forEach((count, i) => {
    network.add(
      tfl.layers.conv2d({
        name: `conv${i + 1}`,
        filters: count,
        kernelSize: 3,
        padding: 'same',
        activation: 'relu',
        kernelInitializer: tfl.initializers.heUniform({ seed: nextSeed() }),
      }),
    );
    network.add(tfl.layers.maxPooling2d({ name: `pool${i + 1}`, poolSize: 2 }));
  });
  network.add(tfl.layers.flatten({ name: 'flatten' }));
  network.add(denseHead(outputs, nextSeed()));
  return network;
}

/** The last layer: linear, because losses here take logits or values. */
export function denseHead(outputs: number, seed: number) {
  return tfl.layers.dense({
    name: 'head',
    units: outputs,
    kernelInitializer: tfl.initializers.glorotUniform({ seed }),
  });
}

/**
 * A different seed for each layer in turn: layers of one shape sharing a seed would start out identical.
 * Never 0, which tfjs treats as no seed.
 */
export function layerSeeds(seed: number): () => number {
  const random = keyedRandom('initial weights', seed);
  return () => uniformInt(random, 1, 0x7fffffff);
}
