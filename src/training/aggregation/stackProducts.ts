import * as tf from '@tensorflow/tfjs-core';
import type { Device } from '../../backends/device.ts';
import { valuesOf } from '../../backends/hostValues.ts';
import type { StackedKernels } from '../../backends/interface/kernels.ts';
import { gramOf } from '../../engine/gram.ts';
import type { MeasuredVector } from '../../engine/types.ts';
import type { StackedGradient } from '../../nn/module/parameter.ts';
import { readAndDispose } from './disposal.ts';
import { dot, type ParameterVector } from './products.ts';
import { scattered } from './stackedGradients.ts';

/**
 * Gram matrix of k stacked gradients, k×k row-major: summed in float64 in this process's memory. On a GPU sums are in float32,
 * and only k² numbers are read back.
 */
export async function gramOfStacks(
  device: Device,
  stacks: readonly StackedGradient[],
): Promise<Float64Array> {
  const kernels = hostKernelsOf(device);
  if (!kernels) return gramOnDevice(stacks);
  const gram = new Float64Array(groupsIn(stacks[0]!) ** 2);
  tf.tidy(() => {
    for (const stack of stacks) kernels.addGram(matrixOf(stack), gram);
  });
  return gram;
}

/** d = Σ wᵢgᵢ of one variable, in its shape. A weight of 0 leaves its group out, even one that is not finite. */
export function combineStack(
  device: Device,
  stack: StackedGradient,
  weights: Float64Array,
  shape: readonly number[],
): tf.Tensor {
  const { stacked, rows } = stack;
  const own = rows ? [rows.length, ...shape.slice(1)] : shape;
  return tf.tidy(() => {
    const sum = device.stacked
      ? device.stacked.combine(matrixOf(stack), weights, own)
      : sumOfSlices(stacked, weights, own);
    return rows ? scattered(sum, rows, shape) : sum;
  });
}

/** ‖v‖² and the inner products of v with the k gradients, summed as in {@link gramOfStacks}. */
export async function measureStacks(
  device: Device,
  vector: ParameterVector,
  stacks: readonly StackedGradient[],
): Promise<MeasuredVector> {
  const kernels = hostKernelsOf(device);
  const products = kernels
    ? productsInMemory(kernels, vector, stacks)
    : await productsOnDevice(vector, stacks);
  return { norm2: products.at(-1)!, inner: products.slice(0, -1) };
}

/** Kernels for gradients in this process's memory; null on a GPU. */
function hostKernelsOf(device: Device): Sums | null {
  return device.stacked ?? (device.hostMemory ? inJavaScript : null);
}

type Sums = Pick<StackedKernels, 'addGram' | 'products'>;

/** Host kernels for backends that do not have their own. */
const inJavaScript: Sums = {
  addGram(stacked, gram) {
    const own = gramOf(rowsOf(stacked));
    for (let at = 0; at < gram.length; at++) gram[at]! += own[at]!;
  },
  products(stacked, vector) {
    const values = valuesOf(vector);
    const inner = rowsOf(stacked).map((row) => dot(row, values));
    return Float64Array.of(...inner, dot(values, values));
  },
};

function rowsOf(stacked: tf.Tensor): Float32Array[] {
  const values = valuesOf(stacked);
  const size = stacked.shape[1]!;
  return Array.from({ length: stacked.shape[0]! }, (_, i) =>
    values.subarray(i * size, (i + 1) * size),
  );
}

function productsInMemory(
  kernels: Sums,
  vector: ParameterVector,
  stacks: readonly StackedGradient[],
): number[] {
  const total = new Array<number>(groupsIn(stacks[0]!) + 1).fill(0);
  tf.tidy(() => {
    for (const [v, stack] of stacks.entries()) {
      const whole = tf.reshape(vector[v]!, [-1]);
      const products = kernels.products(matrixOf(stack), onRows(vector[v]!, stack));
      if (stack.rows) products[products.length - 1] = kernels.products(asRow(whole), whole)[1]!;
      for (const [i, product] of products.entries()) total[i]! += product;
    }
  });
  return total;
}

async function gramOnDevice(stacks: readonly StackedGradient[]): Promise<Float64Array> {
  const gram = tf.tidy(() =>
    sum(
      stacks.map((stack) => {
        const matrix = matrixOf(stack);
        return tf.matMul(matrix, matrix, false, true);
      }),
    ),
  );
  return Float64Array.from(await readAndDispose(gram));
}

async function productsOnDevice(
  vector: ParameterVector,
  stacks: readonly StackedGradient[],
): Promise<number[]> {
  const products = tf.tidy(() => {
    const inner = stacks.map((stack, v) =>
      tf.matMul(matrixOf(stack), asRow(onRows(vector[v]!, stack)), false, true),
    );
    const norm2 = vector.map((part) => tf.reshape(tf.sum(tf.square(part)), [1, 1]));
    return tf.concat([sum(inner), sum(norm2)]);
  });
  return Array.from(await readAndDispose(products));
}

/** ((w₀g₀ + w₁g₁) + w₂g₂) + …, each product and sum rounded to float32. */
function sumOfSlices(
  stacked: tf.Tensor,
  weights: Float64Array,
  shape: readonly number[],
): tf.Tensor {
  const terms = Array.from(weights).flatMap((weight, i) =>
    weight === 0 ? [] : tf.mul(tf.slice(stacked, i, 1), weight),
  );
  return terms.length === 0 ? tf.zeros([...shape]) : tf.reshape(sum(terms), [...shape]);
}

function sum(tensors: readonly tf.Tensor[]): tf.Tensor {
  return tensors.reduce((total, tensor) => tf.add(total, tensor));
}

/** The rows of a variable that a stack covers, flat. */
function onRows(variable: tf.Tensor, { rows }: StackedGradient): tf.Tensor {
  const part = rows ? tf.gather(variable, tf.tensor1d(rows, 'int32')) : variable;
  return tf.reshape(part, [-1]);
}

function asRow(vector: tf.Tensor): tf.Tensor2D {
  return tf.reshape(vector, [1, -1]);
}

/** [k, size]. */
function matrixOf({ stacked }: StackedGradient): tf.Tensor2D {
  return tf.reshape(stacked, [stacked.shape[0]!, -1]);
}

function groupsIn({ stacked }: StackedGradient): number {
  return stacked.shape[0]!;
}
