import * as tf from '@tensorflow/tfjs-core';
import { type KernelArguments, replaceKernel, runKernel } from '../kernels/run.ts';

/**
 * The backend multiplies through XNNPACK only when neither operand is transposed; otherwise it falls back to a scalar
 * loop, many times slower. Every gradient of a dense layer has a transposed operand, so transpose first, then multiply.
 */
export function replaceMatMul(): void {
  replaceKernel('wasm', tf.BatchMatMul, (multiply) => {
    return (args: KernelArguments<'a' | 'b', tf.BatchMatMulAttrs>) => {
      const { inputs, attrs, backend } = args;
      const a = attrs.transposeA ? transposeLastTwo(inputs.a, backend) : inputs.a;
      const b = attrs.transposeB ? transposeLastTwo(inputs.b, backend) : inputs.b;
      const product = multiply({
        inputs: { a, b },
        attrs: { transposeA: false, transposeB: false },
        backend,
      });
      if (a !== inputs.a) backend.disposeData(a.dataId);
      if (b !== inputs.b) backend.disposeData(b.dataId);
      return product;
    };
  });
}

function transposeLastTwo(x: tf.TensorInfo, backend: tf.KernelBackend): tf.TensorInfo {
  const perm = x.shape.map((_, axis) => axis);
  const [secondLast, last] = [perm.length - 2, perm.length - 1];
  perm[secondLast] = last;
  perm[last] = secondLast;
  return runKernel('wasm', tf.Transpose, backend, { x }, { perm });
}
