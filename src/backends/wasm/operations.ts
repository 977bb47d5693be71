import type * as tf from '@tensorflow/tfjs-core';
import { thresholdOf } from '../operations/dropout.ts';
import type {
  Activation,
  AttentionShape,
  Bounds,
  Matrix,
  NormResult,
  Operations,
  SeededDropout,
  WeightLayout,
} from '../operations/operations.ts';
import { Heap } from './heap.ts';
import type { Threads } from './threads.ts';

/** The kernel numbers them in this order. */
const KINDS: readonly Activation[] = ['gelu', 'gelu_new', 'relu', 'silu', 'tanh'];

/** Up to this many rows, multiplying by the weight in place is faster than packing it first. */
const MAX_UNPACKED_ROWS = 8;

/** Time per element, in multiply-adds of a matrix product: of operations limited by memory, and of those with an exponential. */
const MEMORY_COST = 8;
const EXPONENTIAL_COST = 32;

/**
 * The operations by AssemblyScript kernels on tensors of tfjs's WASM backend. Every element of a result is computed by one thread in one
 * order: the number of threads does not change a bit.
 */
export function wasmOperations(threads: Threads): Operations {
  const heap = new Heap(threads);
  const like = (x: Matrix) => heap.make<Matrix>(...x.shape);

  /** x·B (+ bias), with the strides of B's rows and columns. */
  const multiply = (
    x: Matrix,
    b: Matrix,
    [rowStep, columnStep]: readonly [number, number],
    columns: number,
    bias: tf.Tensor1D | null,
  ): Matrix => {
    const [rows, depth] = x.shape;
    const y = heap.make<Matrix>(rows, columns);
    const operands = [x, depth, 1, 0, b, rowStep, columnStep, 0, y, 1];
    heap.run('product', [...operands, rows, columns, depth, bias ?? 0], rows * columns * depth);
    return y;
  };

  const normed = (
    x: Matrix,
    gamma: tf.Tensor1D,
    beta: tf.Tensor1D | null,
    epsilon: number,
  ): NormResult => {
    const [rows, width] = x.shape;
    const y = like(x);
    const mean = beta && heap.make<tf.Tensor1D>(rows);
    const scale = heap.make<tf.Tensor1D>(rows);
    const pointers = [x, gamma, beta ?? 0, y, mean ?? 0, scale];
    heap.run('norm', [...pointers, rows, width, epsilon], MEMORY_COST * x.size);
    return { y, stats: mean ? [mean, scale] : [scale] };
  };

  /** leftᵀ·right over the rows of each group, [k, m, n]. */
  const groupedProduct = (
    left: Matrix,
    right: Matrix,
    bounds: Bounds,
    products: tf.Tensor3D,
    accumulate: boolean,
  ): void => {
    const [rows, m, n] = [...left.shape, right.shape[1]] as [number, number, number];
    const pointers = [left, right, Int32Array.from(bounds), products];
    const args = [...pointers, bounds.length - 1, m, n, Number(accumulate)];
    heap.run('groupedProduct', args, rows * m * n);
  };

  const normedInput = (
    x: Matrix,
    gamma: tf.Tensor1D,
    mean: tf.Tensor1D | null,
    scale: tf.Tensor1D,
    dy: Matrix,
  ): Matrix => {
    const dx = like(x);
    heap.run('normInput', [x, gamma, mean ?? 0, scale, dy, dx, ...x.shape], MEMORY_COST * x.size);
    return dx;
  };

  const normedParameters = (
    x: Matrix,
    mean: tf.Tensor1D | null,
    scale: tf.Tensor1D,
    dy: Matrix,
    bounds: Bounds,
  ): { gamma: tf.Tensor2D; beta: tf.Tensor2D | null } => {
    const [k, width] = [bounds.length - 1, x.shape[1]];
    const gamma = heap.make<tf.Tensor2D>(k, width);
    const beta = mean && heap.make<tf.Tensor2D>(k, width);
    const pointers = [x, mean ?? 0, scale, dy, gamma, beta ?? 0, Int32Array.from(bounds)];
    heap.run('normParameters', [...pointers, k, width], MEMORY_COST * x.size);
    return { gamma, beta };
  };

  return {
    linear: (x, weight, bias, layout) => {
      const [input, output] = sidesOf(weight, layout);
      const rows = x.shape[0];
      if (layout === 'out-in' && rows <= MAX_UNPACKED_ROWS) {
        const y = heap.make<Matrix>(rows, output);
        const args = [x, weight, y, rows, output, input, bias ?? 0];
        heap.run('fewRows', args, rows * output * input);
        return y;
      }
      return multiply(x, weight, layout === 'out-in' ? [1, input] : [output, 1], output, bias);
    },
    linearInput: (dy, weight, layout) => {
      const [input, output] = sidesOf(weight, layout);
      return multiply(dy, weight, layout === 'out-in' ? [input, 1] : [1, output], input, null);
    },
    linearWeight: (x, dy, bounds, layout) => {
      const [left, right] = layout === 'out-in' ? [dy, x] : [x, dy];
      const dw = heap.make<tf.Tensor3D>(bounds.length - 1, left.shape[1], right.shape[1]);
      groupedProduct(left, right, bounds, dw, false);
      return dw;
    },
    addLinearWeight: (before, x, dy, bounds, layout) => {
      const [left, right] = layout === 'out-in' ? [dy, x] : [x, dy];
      groupedProduct(left, right, bounds, before, true);
      return before;
    },
    rowSums: (dy, bounds) => {
      const [k, width] = [bounds.length - 1, dy.shape[1]];
      const sums = heap.make<tf.Tensor2D>(k, width);
      heap.run('rowSums', [dy, Int32Array.from(bounds), sums, k, width], MEMORY_COST * dy.size);
      return sums;
    },

    add: (x, y) => {
      const z = like(x);
      heap.run('add', [x, y, z, x.size], MEMORY_COST * x.size);
      return z;
    },
    dropout: (x, dropped) => {
      const y = like(x);
      heap.run('dropout', [x, y, x.size, ...hashOf(dropped)], MEMORY_COST * x.size);
      return y;
    },
    activation: (kind, x) => {
      const y = like(x);
      heap.run('activation', [KINDS.indexOf(kind), x, y, x.size], EXPONENTIAL_COST * x.size);
      return y;
    },
    activationInput: (kind, x, dy) => {
      const dx = like(x);
      heap.run(
        'activationInput',
        [KINDS.indexOf(kind), x, dy, dx, x.size],
        EXPONENTIAL_COST * x.size,
      );
      return dx;
    },
    gated: (gate, up) => {
      const y = like(gate);
      heap.run('gated', [gate, up, y, y.size], EXPONENTIAL_COST * y.size);
      return y;
    },
    gatedInputs: (gate, up, dy) => {
      const gradients = { gate: like(gate), up: like(up) };
      const args = [gate, up, dy, gradients.gate, gradients.up, dy.size];
      heap.run('gatedInputs', args, EXPONENTIAL_COST * dy.size);
      return gradients;
    },

    layerNorm: (x, gamma, beta, epsilon) => normed(x, gamma, beta, epsilon),
    layerNormInput: (x, gamma, [mean, scale], dy) => normedInput(x, gamma, mean!, scale!, dy),
    layerNormParameters: (x, [mean, scale], dy, bounds) => {
      const { gamma, beta } = normedParameters(x, mean!, scale!, dy, bounds);
      return { gamma, beta: beta! };
    },
    rmsNorm: (x, gamma, epsilon) => normed(x, gamma, null, epsilon),
    rmsNormInput: (x, gamma, [scale], dy) => normedInput(x, gamma, null, scale!, dy),
    rmsNormParameter: (x, [scale], dy, bounds) =>
      normedParameters(x, null, scale!, dy, bounds).gamma,

    attention: (q, k, v, mask, shape) => {
      const { batch, heads, queries, keys } = shape;
      const probabilities = heap.make(batch, heads, queries, keys);
      const y = like(q);
      const pointers = [q, k, v, mask, probabilities, y];
      heap.run('attention', [...pointers, ...numbersOf(shape)], 2 * workOf(shape));
      return { y, probabilities };
    },
    attentionInputs: (q, k, v, probabilities, dy, shape) => {
      const gradients = { q: like(q), k: like(k), v: like(v) };
      const pointers = [q, k, v, probabilities, dy, gradients.q, gradients.k, gradients.v];
      heap.run('attentionInputs', [...pointers, ...numbersOf(shape)], 4 * workOf(shape));
      return gradients;
    },
    rotate: (x, { cos, sin }, direction) => {
      const [rows, width] = x.shape;
      const half = cos.shape[1];
      const y = like(x);
      const args = [x, cos, sin, y, rows, width / (2 * half), half, direction];
      heap.run('rotate', args, MEMORY_COST * x.size);
      return y;
    },

    gather: (table, ids) => {
      const [rows, width] = [ids.shape[0], table.shape[1]];
      const y = heap.make<Matrix>(rows, width);
      heap.run('gather', [table, ids, y, rows, width], MEMORY_COST * y.size);
      return y;
    },
    segmentSums: (dy, segments, count, bounds) => {
      const [k, width] = [bounds.length - 1, dy.shape[1]];
      const sums = heap.make<tf.Tensor3D>(k, count, width);
      const args = [dy, segments, Int32Array.from(bounds), sums, k, count, width];
      heap.run('segmentSums', args, MEMORY_COST * (dy.size + sums.size));
      return sums;
    },

    crossEntropy: (logits, labels, weights) => {
      const [rows, classes] = logits.shape;
      const losses = heap.make<tf.Tensor1D>(rows);
      const gradient = like(logits);
      const sums = heap.make<tf.Tensor1D>(rows);
      const args = [logits, labels, weights, losses, sums, gradient, rows, classes];
      heap.run('crossEntropy', args, EXPONENTIAL_COST * logits.size);
      const [values, totals] = [heap.floats(losses), heap.floats(sums)];
      for (let i = 0; i < rows; i++) values[i]! += Math.log(totals[i]!);
      sums.dispose();
      return { losses, gradient };
    },
  };
}

/** Of inputs and outputs. */
function sidesOf({ shape }: Matrix, layout: WeightLayout): readonly [number, number] {
  return layout === 'out-in' ? [shape[1], shape[0]] : shape;
}

/** Seed, threshold and factor; a factor of 0 means no dropout. */
function hashOf(dropped: SeededDropout | null): readonly number[] {
  return dropped ? [dropped.seed, thresholdOf(dropped.rate), 1 / (1 - dropped.rate)] : [0, 0, 0];
}

function numbersOf(shape: AttentionShape): readonly number[] {
  const { batch, queries, keys, heads, keyValueHeads, width, causal, dropout: dropped } = shape;
  return [batch, queries, keys, heads, keyValueHeads, width, Number(causal), ...hashOf(dropped)];
}

/** Multiplications of one of its products. */
function workOf({ batch, queries, keys, heads, width }: AttentionShape): number {
  return batch * heads * queries * keys * width;
}
