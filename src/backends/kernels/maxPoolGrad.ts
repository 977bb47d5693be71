import * as tf from '@tensorflow/tfjs-core';
import {
  type BackendName,
  floatsOf,
  type KernelArguments,
  makeFloats,
  replaceKernel,
} from './kernel.ts';

/**
 * Gradient of max pooling: every dY goes to the first largest input of its window, as in tfjs.
 * tfjs's backends search, for every input, all windows that contain it; visiting each window once is faster.
 */
export function replaceMaxPoolGrad(on: BackendName): void {
  replaceKernel(on, tf.MaxPoolGrad, () => maxPoolGrad);
}

function maxPoolGrad({
  inputs: { dy, input },
  attrs: { filterSize, strides, pad, dimRoundingMode },
  backend,
}: KernelArguments<'dy' | 'input', tf.MaxPoolGradAttrs>): tf.TensorInfo {
  const shape = input.shape as [number, number, number, number];
  const pool = tf.backend_util.computePool2DInfo(
    shape,
    filterSize,
    strides,
    1,
    pad,
    dimRoundingMode,
  );
  const [batch, height, width, channels] = shape;
  const output = makeFloats(backend, shape);
  const [inputs, gradients, result] = [input, dy, output].map((info) =>
    floatsOf(backend, info),
  ) as [Float32Array, Float32Array, Float32Array];
  result.fill(0);

  let at = 0;
  for (let b = 0; b < batch; b++) {
    for (let outY = 0; outY < pool.outHeight; outY++) {
      const top = outY * pool.strideHeight - pool.padInfo.top;
      const [fromY, toY] = [Math.max(top, 0), Math.min(top + pool.filterHeight, height)];
      for (let outX = 0; outX < pool.outWidth; outX++) {
        const left = outX * pool.strideWidth - pool.padInfo.left;
        const [fromX, toX] = [Math.max(left, 0), Math.min(left + pool.filterWidth, width)];
        for (let c = 0; c < channels; c++, at++) {
          let winner = -1;
          let largest = Number.NEGATIVE_INFINITY;
          for (let y = fromY; y < toY; y++) {
            let index = ((b * height + y) * width + fromX) * channels + c;
            for (let x = fromX; x < toX; x++, index += channels) {
              const value = inputs[index]!;
              if (value > largest) {
                largest = value;
                winner = index;
              }
            }
          }
          if (winner >= 0) result[winner]! += gradients[at]!;
        }
      }
    }
  }
  return output;
}
