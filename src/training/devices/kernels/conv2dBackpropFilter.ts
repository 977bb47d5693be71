import type { BackendWasm } from '@tensorflow/tfjs-backend-wasm';
import * as tf from '@tensorflow/tfjs-core';
import { runWasmKernel, WASM, type WasmKernelArguments } from './run.ts';

/**
 * Gradient of a 2-D convolution with respect to its filter, missing from the backend.
 *
 * ∂L/∂W[ky,kx,c,o] = Σ_{b,y,x} X[b, s·y+ky−p, s·x+kx−p, c] · dY[b,y,x,o] is itself a convolution: examples are its
 * channels, input channels its batch, dY its filter, and the stride becomes a dilation. So it runs on the backend's own
 * (XNNPACK) convolution instead of unrolling patches in JavaScript.
 */
function conv2dBackpropFilter({
  inputs: { x, dy },
  attrs,
  backend,
}: WasmKernelArguments<'x' | 'dy', tf.Conv2DBackpropFilterAttrs>): tf.TensorInfo {
  const { strides, pad, dataFormat, dimRoundingMode, filterShape } = attrs;
  const layout = tf.backend_util.convertConv2DDataFormat(dataFormat);
  if (layout !== 'channelsLast') {
    throw new Error(`Conv2DBackpropFilter on WASM needs dataFormat NHWC, got ${dataFormat}`);
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
  const reached = cropNegative(x, explicit, backend);

  const images = runWasmKernel(tf.Transpose, backend, { x: reached }, { perm: [3, 1, 2, 0] });
  const filter = runWasmKernel(tf.Transpose, backend, { x: dy }, { perm: [1, 2, 0, 3] });
  const gradient = runWasmKernel(
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
  const result = runWasmKernel(tf.Transpose, backend, { x: gradient }, { perm: [1, 2, 0, 3] });
  for (const used of [images, filter, gradient]) backend.disposeData(used.dataId);
  if (reached !== x) backend.disposeData(reached.dataId);
  return result;
}

/** Cuts away the rows and columns that a negative amount of padding asks to leave out. */
function cropNegative(
  x: tf.TensorInfo,
  padding: readonly (readonly number[])[],
  backend: BackendWasm,
): tf.TensorInfo {
  if (padding.every(([, after]) => after! >= 0)) return x;
  const size = x.shape.map((length, axis) => length + Math.min(padding[axis]![1]!, 0));
  return runWasmKernel(tf.Slice, backend, { x }, { begin: [0, 0, 0, 0], size });
}

export function registerConv2dBackpropFilter(): void {
  tf.registerKernel({
    kernelName: tf.Conv2DBackpropFilter,
    backendName: WASM,
    kernelFunc: conv2dBackpropFilter as unknown as tf.KernelFunc,
  });
}
