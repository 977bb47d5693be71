import * as tf from '@tensorflow/tfjs-core';
import { dropoutFactors } from './dropout.ts';
import {
  type Activation,
  type AttentionShape,
  type Bounds,
  MASKED,
  type Matrix,
  type Operations,
  type Rotation,
  type SeededDropout,
} from './operations.ts';

/** The operations composed of tfjs's: correct on every device, fast on those with fast kernels. */
export const tfjsOperations: Operations = {
  linear: (x, weight, bias, layout) =>
    tf.tidy(() => {
      const y: Matrix = tf.matMul(x, weight, false, layout === 'out-in');
      return bias ? tf.add(y, bias) : y;
    }),
  linearInput: (dy, weight, layout) => tf.matMul(dy, weight, false, layout === 'in-out'),
  linearWeight: (x, dy, bounds, layout) =>
    perGroup(bounds, (rows) =>
      layout === 'out-in' ? tf.matMul(rows(dy), rows(x), true) : tf.matMul(rows(x), rows(dy), true),
    ),
  addLinearWeight: (before, x, dy, bounds, layout) => {
    const sum: tf.Tensor3D = tf.tidy(() =>
      tf.add(before, tfjsOperations.linearWeight(x, dy, bounds, layout)),
    );
    before.dispose();
    return sum;
  },
  rowSums: (dy, bounds) => perGroup(bounds, (rows) => tf.sum(rows(dy), 0)),

  add: (x, y) => tf.add(x, y),
  dropout: (x, dropped) => tf.tidy(() => tf.mul(x, factors(dropped, x.shape))),
  activation: (kind, x) => tf.tidy(() => activate(kind, x)),
  activationInput: (kind, x, dy) => tf.tidy(() => tf.mul(dy, derivative(kind, x))),
  gated: (gate, up) => tf.tidy(() => tf.mul(activate('silu', gate), up)),
  gatedInputs: (gate, up, dy) =>
    tf.tidy(() => ({
      gate: tf.mul(tf.mul(dy, up), derivative('silu', gate)) as Matrix,
      up: tf.mul(dy, activate('silu', gate)) as Matrix,
    })),

  layerNorm: (x, gamma, beta, epsilon) =>
    tf.tidy(() => {
      const mean = tf.mean(x, 1, true);
      const centered = tf.sub(x, mean);
      const scale = tf.rsqrt(tf.add(tf.mean(tf.square(centered), 1, true), epsilon));
      const y = tf.add(tf.mul(tf.mul(centered, scale), gamma), beta) as Matrix;
      return { y, stats: [flat(mean), flat(scale)] };
    }),
  layerNormInput: (x, gamma, stats, dy) =>
    tf.tidy(() => {
      const z = normalized(x, stats);
      const g = tf.mul(dy, gamma);
      const along = tf.mul(z, tf.mean(tf.mul(g, z), 1, true));
      return tf.mul(tf.sub(tf.sub(g, tf.mean(g, 1, true)), along), column(stats[1]!));
    }),
  layerNormParameters: (x, stats, dy, bounds) =>
    tf.tidy(() => ({
      gamma: perGroup<tf.Tensor2D>(bounds, sumRows(tf.mul(dy, normalized(x, stats)))),
      beta: perGroup<tf.Tensor2D>(bounds, sumRows(dy)),
    })),
  rmsNorm: (x, gamma, epsilon) =>
    tf.tidy(() => {
      const scale = tf.rsqrt(tf.add(tf.mean(tf.square(x), 1, true), epsilon));
      return { y: tf.mul(tf.mul(x, scale), gamma) as Matrix, stats: [flat(scale)] };
    }),
  rmsNormInput: (x, gamma, [scale], dy) =>
    tf.tidy(() => {
      const z = tf.mul(x, column(scale!));
      const g = tf.mul(dy, gamma);
      return tf.mul(tf.sub(g, tf.mul(z, tf.mean(tf.mul(g, z), 1, true))), column(scale!));
    }),
  rmsNormParameter: (x, [scale], dy, bounds) =>
    tf.tidy(() => perGroup(bounds, sumRows(tf.mul(dy, tf.mul(x, column(scale!)))))),

  attention: (q, k, v, mask, shape) =>
    tf.tidy(() => {
      const scores = tf.mul(
        tf.matMul(headsOf(q, shape), keysOf(k, shape), false, true),
        1 / Math.sqrt(shape.width),
      );
      const probabilities = tf.softmax(tf.add(scores, maskOf(mask, shape)));
      const y = rowsOf(tf.matMul(withDropout(probabilities, shape), keysOf(v, shape)));
      return { y, probabilities };
    }),
  attentionInputs: (q, k, v, probabilities, dy, shape) =>
    tf.tidy(() => {
      const gradients = headsOf(dy, shape);
      const dv = tf.matMul(withDropout(probabilities, shape), gradients, true);
      const dp = withDropout(tf.matMul(gradients, keysOf(v, shape), false, true), shape);
      const mean = tf.sum(tf.mul(dp, probabilities), 3, true);
      const ds = tf.mul(tf.mul(probabilities, tf.sub(dp, mean)), 1 / Math.sqrt(shape.width));
      const dq = tf.matMul(ds, keysOf(k, shape));
      const dk = tf.matMul(ds, headsOf(q, shape), true);
      return { q: rowsOf(dq), k: rowsOf(shared(dk, shape)), v: rowsOf(shared(dv, shape)) };
    }),
  rotate: (x, rotation, direction) => tf.tidy(() => rotated(x, rotation, direction)),

  gather: (table, ids) => tf.gather(table, ids),
  segmentSums: (dy, segments, count, bounds) =>
    perGroup(bounds, (rows, start, end) => {
      const ids = tf.tensor1d(segments.subarray(start, end), 'int32');
      return tf.unsortedSegmentSum(rows(dy), ids, count);
    }),

  crossEntropy: (logits, labels, weights) =>
    tf.tidy(() => {
      const chosen = tf.oneHot(tf.tensor1d(labels, 'int32'), logits.shape[1]);
      const logs = tf.logSoftmax(logits);
      const counted = Float32Array.from(labels, (label, i) => (label < 0 ? 0 : weights[i]!));
      const gradient = tf.mul(tf.sub(tf.exp(logs), chosen), column(tf.tensor1d(counted)));
      return {
        losses: tf.neg(tf.sum(tf.mul(chosen, logs), 1)) as tf.Tensor1D,
        gradient: gradient as Matrix,
      };
    }),
};

type Rows = (x: Matrix) => Matrix;

/** Stacks the results of the groups, 0 for a group without rows. At least one group has rows. */
function perGroup<T extends tf.Tensor>(
  bounds: Bounds,
  make: (rows: Rows, start: number, end: number) => tf.Tensor,
): T {
  return tf.tidy(() => {
    const groups = bounds.slice(1).map((end, g) => {
      const start = bounds[g]!;
      // For no rows, backends throw or return uninitialized memory.
      if (start === end) return null;
      return make((x) => tf.slice(x, [start, 0], [end - start, x.shape[1]]), start, end);
    });
    const some = groups.find((group) => group !== null)!;
    return tf.stack(groups.map((group) => group ?? tf.zerosLike(some))) as T;
  });
}

function sumRows(x: tf.Tensor): (rows: Rows) => tf.Tensor {
  return (rows) => tf.sum(rows(x as Matrix), 0);
}

function activate(kind: Activation, x: tf.Tensor): Matrix {
  switch (kind) {
    case 'gelu':
      return tf.mul(x, normalCdf(x));
    case 'gelu_new':
      return tf.mul(tf.mul(x, 0.5), tf.add(tf.tanh(geluInner(x)), 1));
    case 'relu':
      return tf.relu(x) as Matrix;
    case 'silu':
      return tf.mul(x, tf.sigmoid(x));
    case 'tanh':
      return tf.tanh(x) as Matrix;
  }
}

/** ∂y/∂x of an activation. */
function derivative(kind: Activation, x: tf.Tensor): tf.Tensor {
  switch (kind) {
    case 'gelu': {
      const density = tf.mul(tf.exp(tf.mul(tf.square(x), -0.5)), 1 / Math.sqrt(2 * Math.PI));
      return tf.add(normalCdf(x), tf.mul(x, density));
    }
    case 'gelu_new': {
      const t = tf.tanh(geluInner(x));
      const inner = tf.mul(tf.add(tf.mul(tf.square(x), 3 * GELU_CUBE), 1), GELU_SCALE);
      const steep = tf.mul(tf.mul(tf.mul(x, 0.5), tf.sub(1, tf.square(t))), inner);
      return tf.add(tf.mul(tf.add(t, 1), 0.5), steep);
    }
    case 'relu':
      return tf.cast(tf.greater(x, 0), 'float32');
    case 'silu': {
      const s = tf.sigmoid(x);
      return tf.mul(s, tf.add(tf.mul(x, tf.sub(1, s)), 1));
    }
    case 'tanh':
      return tf.sub(1, tf.square(tf.tanh(x)));
  }
}

const GELU_CUBE = 0.044715;
const GELU_SCALE = Math.sqrt(2 / Math.PI);

function geluInner(x: tf.Tensor): tf.Tensor {
  return tf.mul(tf.add(x, tf.mul(tf.mul(tf.square(x), x), GELU_CUBE)), GELU_SCALE);
}

/** Φ. */
function normalCdf(x: tf.Tensor): tf.Tensor {
  return tf.mul(tf.add(tf.erf(tf.mul(x, Math.SQRT1_2)), 1), 0.5);
}

function normalized(x: Matrix, [mean, scale]: readonly tf.Tensor1D[]): tf.Tensor {
  return tf.mul(tf.sub(x, column(mean!)), column(scale!));
}

function column(x: tf.Tensor): tf.Tensor2D {
  return tf.reshape(x, [-1, 1]);
}

function flat(x: tf.Tensor): tf.Tensor1D {
  return tf.reshape(x, [-1]);
}

/** [batch·n, heads·width] → [batch, heads, n, width]. */
function split(x: Matrix, batch: number, heads: number): tf.Tensor4D {
  const [rows, all] = x.shape;
  return tf.transpose(tf.reshape(x, [batch, rows / batch, heads, all / heads]), [0, 2, 1, 3]);
}

function headsOf(x: Matrix, { batch, heads }: AttentionShape): tf.Tensor4D {
  return split(x, batch, heads);
}

/** Keys or values for every query head: shared ones are repeated. */
function keysOf(x: Matrix, { batch, heads, keyValueHeads }: AttentionShape): tf.Tensor4D {
  const own = split(x, batch, keyValueHeads);
  if (heads === keyValueHeads) return own;
  const [, , n, width] = own.shape;
  const sharers = heads / keyValueHeads;
  // In three dimensions: with five, WebGPU would tile on the host, which fails in Node.
  const each = tf.reshape(own, [batch * keyValueHeads, 1, n * width]);
  const repeated = tf.tile(each, [1, sharers, 1]);
  return tf.reshape(repeated, [batch, heads, n, width]);
}

/** Sums over the heads that share keys and values. */
function shared(x: tf.Tensor, { batch, heads, keyValueHeads }: AttentionShape): tf.Tensor4D {
  if (heads === keyValueHeads) return x as tf.Tensor4D;
  const [n, width] = x.shape.slice(2) as [number, number];
  const sharers = heads / keyValueHeads;
  const each = tf.reshape(x, [batch * keyValueHeads, sharers, n * width]);
  return tf.reshape(tf.sum(each, 1), [batch, keyValueHeads, n, width]);
}

/** The inverse of `split`. */
function rowsOf(x: tf.Tensor): Matrix {
  const [batch, heads, n, width] = x.shape as [number, number, number, number];
  return tf.reshape(tf.transpose(x, [0, 2, 1, 3]), [batch * n, heads * width]);
}

function withDropout(x: tf.Tensor, { dropout: dropped }: AttentionShape): tf.Tensor {
  return dropped ? tf.mul(x, factors(dropped, x.shape)) : x;
}

function factors(dropped: SeededDropout, shape: readonly number[]): tf.Tensor {
  return tf.tensor(dropoutFactors(dropped, tf.util.sizeFromShape([...shape])), [...shape]);
}

/** Added to the scores [batch, heads, queries, keys]. */
function maskOf(mask: tf.Tensor2D, { batch, queries, keys, causal }: AttentionShape): tf.Tensor {
  const padding = tf.reshape(mask, [batch, 1, 1, keys]);
  if (!causal) return padding;
  const future = Float32Array.from({ length: queries * keys }, (_, at) => {
    const [query, key] = [Math.floor(at / keys), at % keys];
    return key > query + keys - queries ? MASKED : 0;
  });
  return tf.add(padding, tf.tensor(future, [1, 1, queries, keys]));
}

function rotated(x: Matrix, { cos, sin }: Rotation, direction: 1 | -1): Matrix {
  const half = cos.shape[1];
  const [rows, width] = x.shape;
  const heads = width / (2 * half);
  const [a, b] = tf.split(tf.reshape(x, [rows, heads, 2, half]), 2, 2) as [tf.Tensor, tf.Tensor];
  const c = tf.reshape(cos, [rows, 1, 1, half]);
  const s = tf.mul(tf.reshape(sin, [rows, 1, 1, half]), direction);
  const turned = tf.concat(
    [tf.sub(tf.mul(a, c), tf.mul(b, s)), tf.add(tf.mul(b, c), tf.mul(a, s))],
    2,
  );
  return tf.reshape(turned, [rows, width]);
}
