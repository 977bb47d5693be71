import * as tfl from '@tensorflow/tfjs-layers';

/** The last layer: linear, because losses here take logits or values. */
export function denseHead(outputs: number, seed: number) {
  return tfl.layers.dense({
    name: 'head',
    units: outputs,
    kernelInitializer: tfl.initializers.glorotUniform({ seed }),
  });
}
