import type { BackendWasm } from '@tensorflow/tfjs-backend-wasm';
import * as tf from '@tensorflow/tfjs-core';
import { type KernelArguments, kernelFunc } from './kernel.ts';

/**
 * Sums of the rows of x with the same segment id, the gradient of `tf.gather`: missing from the WASM backend. Rows of a segment
 * are added in order; ids outside of 0…numSegments−1 are ignored.
 */
export function registerSegmentSum(): void {
  tf.registerKernel({
    kernelName: tf.UnsortedSegmentSum,
    backendName: 'wasm',
    kernelFunc: kernelFunc(segmentSum),
  });
}

function segmentSum({
  inputs: { x, segmentIds },
  attrs: { numSegments },
  backend,
}: KernelArguments<'x' | 'segmentIds', tf.UnsortedSegmentSumAttrs>): tf.TensorInfo {
  if (x.dtype !== 'float32') {
    throw new Error(`sums by segment need float32 here, got ${x.dtype}`);
  }
  const rest = x.shape.slice(segmentIds.shape.length);
  const width = tf.util.sizeFromShape(rest);
  const wasm = backend as BackendWasm;
  const result = wasm.makeOutput([numSegments, ...rest], 'float32');
  const [rows, sums] = [x, result].map((info) => wasm.typedArrayFromHeap(info) as Float32Array);
  const ids = wasm.typedArrayFromHeap(segmentIds) as Int32Array;
  sums!.fill(0);
  for (const [row, id] of ids.entries()) {
    if (id < 0 || id >= numSegments) continue;
    const [from, to] = [row * width, id * width];
    for (let j = 0; j < width; j++) sums![to + j]! += rows![from + j]!;
  }
  return result;
}
