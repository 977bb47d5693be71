import * as tf from '@tensorflow/tfjs-core';
import { type Kernel, type KernelArguments, replaceKernel, runKernel } from './kernel.ts';

type Arguments = KernelArguments<'dy' | 'filter', tf.Conv2DBackpropInputAttrs>;

/**
 * Gradient of a 2-D convolution with respect to its input. With stride 1 it is the convolution of dY, padded by what the
 * filter overhangs, with the filter turned by 180° and its channels exchanged: XNNPACK again instead of scalar loops.
 * Larger strides stay with the backend's own kernel.
 */
export function replaceConv2dBackpropInput(): void {
  replaceKernel('wasm', tf.Conv2DBackpropInput, (original: Kernel<Arguments>) => {
    return (args) => {
      const pad = paddingOfTransposed(args);
      return pad === null ? original(args) : convolveRotated(args, pad);
    };
  });
}

/** Explicit padding of dY, or null where the identity above does not hold. */
function paddingOfTransposed({
  inputs: { filter },
  attrs: { inputShape, strides, pad, dataFormat, dimRoundingMode },
}: Arguments): [number, number][] | null {
  const info = tf.backend_util.computeConv2DInfo(
    inputShape,
    filter.shape as [number, number, number, number],
    strides,
    1,
    pad,
    dimRoundingMode,
    false,
    tf.backend_util.convertConv2DDataFormat(dataFormat),
  );
  if (info.strideHeight !== 1 || info.strideWidth !== 1 || info.dataFormat !== 'channelsLast') {
    return null;
  }
  const { top, bottom, left, right } = info.padInfo;
  const [overhangY, overhangX] = [info.filterHeight - 1, info.filterWidth - 1];
  const padding: [number, number][] = [
    [0, 0],
    [overhangY - top, overhangY - bottom],
    [overhangX - left, overhangX - right],
    [0, 0],
  ];
  return padding.flat().every((amount) => amount >= 0) ? padding : null;
}

function convolveRotated(
  { inputs: { dy, filter }, backend }: Arguments,
  pad: [number, number][],
): tf.TensorInfo {
  const turned = runKernel('wasm', tf.Reverse, backend, { x: filter }, { dims: [0, 1] });
  const exchanged = runKernel('wasm', tf.Transpose, backend, { x: turned }, { perm: [0, 1, 3, 2] });
  const dx = runKernel(
    'wasm',
    tf.Conv2D,
    backend,
    { x: dy, filter: exchanged },
    { strides: 1, dilations: 1, pad, dataFormat: 'NHWC' },
  );
  for (const used of [turned, exchanged]) backend.disposeData(used.dataId);
  return dx;
}
