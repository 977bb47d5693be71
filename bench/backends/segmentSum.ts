import * as tf from '@tensorflow/tfjs-core';

/** The gradient of `tf.gather`, which the WASM backend lacks. */
export function registerSegmentSum(): void {
  tf.registerKernel({
    kernelName: tf.UnsortedSegmentSum,
    backendName: 'wasm',
    kernelFunc: ({ inputs, attrs, backend }) => {
      const { x, segmentIds } = inputs as unknown as tf.UnsortedSegmentSumInputs;
      const { numSegments } = attrs as unknown as tf.UnsortedSegmentSumAttrs;
      const wasm = backend as tf.KernelBackend;
      const values = wasm.readSync(x!.dataId) as Float32Array;
      const ids = wasm.readSync(segmentIds!.dataId) as Int32Array;
      const width = values.length / ids.length;
      const sums = new Float32Array(numSegments * width);
      ids.forEach((id, row) => {
        for (let j = 0; j < width; j++) sums[id * width + j]! += values[row * width + j]!;
      });
      const shape = [numSegments, ...x!.shape.slice(1)];
      return { dataId: wasm.write(sums, shape, 'float32'), shape, dtype: 'float32' };
    },
  });
}
