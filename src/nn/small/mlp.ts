import * as tfl from '@tensorflow/tfjs-layers';
import type { ModelShape } from '../module/model.ts';
import { denseHead } from './head.ts';
import { layerSeeds } from './seeds.ts';

/** Multi-layer perceptron: dense layers with ReLU (He initialisation), then a linear head. */
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
