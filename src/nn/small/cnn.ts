import * as tfl from '@tensorflow/tfjs-layers';
import { ModelError, type ModelShape } from '../module/model.ts';
import { denseHead } from './head.ts';
import { layerSeeds } from './seeds.ts';

/** Small convolutional network: for each entry of `filters` a 3×3 convolution with ReLU and a 2×2 max pooling, then a linear head. */
export function cnn(filters: readonly number[], shape: ModelShape, seed: number): tfl.LayersModel {
  const { input, outputs } = shape;
  if (input.length !== 3) {
    throw new ModelError(
      `a cnn needs images, the data have examples of shape [${input}]: say data.image: [height, width, channels], or use architecture: mlp`,
    );
  }
  const side = Math.min(input[0]!, input[1]!);
  if (side < 2 ** filters.length) {
    throw new ModelError(
      `each of the ${filters.length} convolutions halves the image, and nothing is left of ${input[0]}×${input[1]} pixels: give at most ${Math.floor(Math.log2(side))} filters`,
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
