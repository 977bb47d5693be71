import * as tf from '@tensorflow/tfjs-core';
import { type BackendName, type KernelArguments, kernelFunc, runKernel } from './kernel.ts';

/**
 * Gradient of a 2-D convolution with respect to its filter: missing from the WASM backend, very slow in the JavaScript one.
 *
 * ∂L/∂W[ky,kx,c,o] = Σ_{b,y,x} X[b, s·y+ky−p, s·x+kx−p, c] · dY[b,y,x,o] is itself a convolution: examples are its
 * channels, input channels its batch, dY its filter, and the stride becomes a dilation. So it runs on the backend's own
 * fast convolution (XNNPACK in WASM) instead of unrolling patches.
 */
export function registerConv2dBackpropFilter(on: BackendName): void {
  if (tf.getKernel(tf.Conv2DBackpropFilter, on)) tf.unregisterKernel(tf.Conv2DBackpropFilter, on);
  tf.registerKernel({
    kernelName: tf.Conv2DBackpropFilter,
    backendName: on,
    kernelFunc: kernelFunc((args: Arguments) => conv2dBackpropFilter(on, args)),
  });
}

type Arguments = KernelArguments<'x' | 'dy', tf.Conv2DBackpropFilterAttrs>;

function conv2dBackpropFilter(
  on: BackendName,
  { inputs: { x, dy }, attrs, backend }: Arguments,
): tf.TensorInfo {
  const { strides, pad, dataFormat, dimRoundingMode, filterShape } = attrs;
  const layout = tf.backend_util.convertConv2DDataFormat(dataFormat);
  if (layout !== 'channelsLast') {
    throw new Error(`the gradient of a convolution needs dataFormat NHWC here, got ${dataFormat}`);
  }
  const shape = x.shape as [number, number, number, number];
  const forward = tf.backend_util.computeConv2DInfo(
    shape,
    filterShape,
    strides,
    1,
    pad,
    dimRoundingMode,
    false,
    layout,
  );
  const { strideHeight, strideWidth, padInfo, outHeight, outWidth } = forward;
  // Pixels that no filter position reaches (stride does not divide the size) must not lengthen the result.
  const [height, width] = filterShape;
  const reachedHeight = (outHeight - 1) * strideHeight + height;
  const reachedWidth = (outWidth - 1) * strideWidth + width;
  const explicit = [
    [0, 0],
    [padInfo.top, reachedHeight - shape[1] - padInfo.top],
    [padInfo.left, reachedWidth - shape[2] - padInfo.left],
    [0, 0],
  ];
  const reached = cropNegative(on, x, explicit, backend);

  const images = runKernel(on, tf.Transpose, backend, { x: reached }, { perm: [3, 1, 2, 0] });
  const filter = runKernel(on, tf.Transpose, backend, { x: dy }, { perm: [1, 2, 0, 3] });
  const gradient = runKernel(
    on,
    tf.Conv2D,
    backend,
    { x: images, filter },
    {
      strides: 1,
      dilations: [strideHeight, strideWidth],
      pad: explicit.map((pair) => pair.map((amount) => Math.max(amount, 0))),
      dataFormat: 'NHWC',
    },
  );
  const result = runKernel(on, tf.Transpose, backend, { x: gradient }, { perm: [1, 2, 0, 3] });
  for (const used of [images, filter, gradient]) backend.disposeData(used.dataId);
  if (reached !== x) backend.disposeData(reached.dataId);
  return result;
}

/** Cuts away the rows and columns that a negative amount of padding asks to leave out. */
function cropNegative(
  on: BackendName,
  x: tf.TensorInfo,
  padding: readonly (readonly number[])[],
  backend: tf.KernelBackend,
): tf.TensorInfo {
  if (padding.every(([, after]) => after! >= 0)) return x;
  const size = x.shape.map((length, axis) => length + Math.min(padding[axis]![1]!, 0));
  return runKernel(on, tf.Slice, backend, { x }, { begin: [0, 0, 0, 0], size });
}
