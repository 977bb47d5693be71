import type { BackendWasm } from '@tensorflow/tfjs-backend-wasm';
import * as tf from '@tensorflow/tfjs-core';
import { type Kernel, type KernelArguments, replaceKernel, runKernel } from '../kernels/kernel.ts';
import { MIN_SHARED_WORK } from './heap.ts';
import type { Threads } from './threads.ts';

type MatMulArguments = KernelArguments<'a' | 'b', tf.BatchMatMulAttrs>;
type FusedArguments = KernelArguments<'a' | 'b' | 'bias', tf._FusedMatMulAttrs>;

/**
 * The backend multiplies through XNNPACK only when neither operand is transposed; otherwise it falls back to a scalar
 * loop, many times slower. Every gradient of a dense layer has a transposed operand, so transpose first, then multiply.
 */
export function replaceMatMul(): void {
  replaceKernel('wasm', tf.BatchMatMul, (multiply: Kernel<MatMulArguments>) => {
    return (args) => {
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

/** Activations of `_FusedMatMul` that are applied here after the product; the others stay with tfjs. */
const ACTIVATIONS: Readonly<Record<string, string | null>> = { linear: null, relu: tf.Relu };

interface Operands {
  readonly a: tf.TensorInfo;
  readonly b: tf.TensorInfo;
  readonly bias?: tf.TensorInfo;
  readonly transposeA: boolean;
  readonly transposeB: boolean;
}

/**
 * Replaces the backend's matrix products by AssemblyScript kernels on shared memory, which handle transposed operands while they
 * pack them. Types other than float32, and batches that broadcast both operands, stay with the backend.
 */
export function replaceMatMulShared(threads: Threads): void {
  replaceKernel('wasm', tf.BatchMatMul, (original: Kernel<MatMulArguments>) => {
    return (args) => {
      const wasm = args.backend as BackendWasm;
      return multiply(threads, wasm, { ...args.inputs, ...args.attrs }) ?? original(args);
    };
  });
  replaceKernel('wasm', tf._FusedMatMul, (original: Kernel<FusedArguments>) => {
    return (args) => {
      const wasm = args.backend as BackendWasm;
      const activation = ACTIVATIONS[args.attrs.activation ?? 'linear'];
      const product =
        activation !== undefined && multiply(threads, wasm, { ...args.inputs, ...args.attrs });
      if (!product) return original(args);
      if (!activation) return product;
      const activated = runKernel('wasm', activation, wasm, { x: product }, {});
      wasm.disposeData(product.dataId);
      return activated;
    };
  });
}

/** op(A)·op(B) + bias, or null if the kernels do not support it. */
function multiply(threads: Threads, wasm: BackendWasm, operands: Operands): tf.TensorInfo | null {
  const { a, b, bias, transposeA, transposeB } = operands;
  const [outerA, outerB] = [a.shape.slice(0, -2), b.shape.slice(0, -2)];
  const [m, k, rowsA, columnsA] = sidesOf(a, transposeA);
  const [inner, n, rowsB, columnsB] = sidesOf(b, transposeB);
  const [batchA, batchB] = [outerA, outerB].map(tf.util.sizeFromShape) as [number, number];
  const fits =
    k === inner &&
    [a, b, bias ?? a].every(({ dtype }) => dtype === 'float32') &&
    (batchA === 1 || batchB === 1 || tf.util.arraysEqual(outerA, outerB)) &&
    (!bias || tf.util.arraysEqual(bias.shape, [n]));
  if (!fits) return null;

  const outer = tf.broadcast_util.assertAndGetBroadcastShape(outerA, outerB);
  const batch = tf.util.sizeFromShape(outer);
  const c = wasm.makeOutput([...outer, m, n], 'float32');
  const at = ({ dataId }: tf.TensorInfo) => wasm.getMemoryOffset(dataId);
  threads.call(
    'product',
    [
      ...[at(a), rowsA, columnsA, batchA === 1 ? 0 : m * k],
      ...[at(b), rowsB, columnsB, batchB === 1 ? 0 : k * n],
      ...[at(c), batch, m, n, k, bias ? at(bias) : 0],
    ],
    batch * m * n * k < MIN_SHARED_WORK,
  );
  return c;
}

/** Height and width of op(X), and how far apart its rows and its columns lie. */
function sidesOf({ shape }: tf.TensorInfo, transposed: boolean): [number, number, number, number] {
  const [height, width] = shape.slice(-2) as [number, number];
  return transposed ? [width, height, 1, width] : [height, width, width, 1];
}
