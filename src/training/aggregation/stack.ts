import * as tf from '@tensorflow/tfjs-core';
import type { StackedGradient } from '../transformer/parameter.ts';

/** Cuts group `index` out, in the shape of the variable; what is not among its rows is 0. */
export function groupOf(
  { stacked, rows }: StackedGradient,
  index: number,
  shape: readonly number[],
): tf.Tensor {
  return tf.tidy(() => {
    const own = tf.squeeze(tf.slice(stacked, index, 1), [0]);
    return rows ? scattered(own, rows, shape) : own;
  });
}

/** Sum of two parts of a gradient, which are disposed of. Rows stay rows where both are. */
export function added(
  one: StackedGradient,
  other: StackedGradient,
  shape: readonly number[],
): StackedGradient {
  const rows = one.rows && other.rows && union(one.rows, other.rows);
  const [a, b] = [one, other].map((part) => spread(part, rows, shape));
  const stacked = tf.add(a!, b!);
  tf.dispose([a!, b!]);
  return { stacked, ...(rows && { rows }) };
}

/** The same gradient on more rows, or on all. Takes over the tensor. */
function spread(
  { stacked, rows }: StackedGradient,
  onto: Int32Array | undefined,
  shape: readonly number[],
): tf.Tensor {
  if (!rows) return stacked;
  const k = stacked.shape[0]!;
  const count = onto?.length ?? shape[0]!;
  const places = onto ? rows.map((row) => onto.indexOf(row)) : rows;
  // One list of rows for all groups: those of group g begin at g·count.
  const all = Int32Array.from({ length: k * rows.length }, (_, at) => {
    const group = Math.floor(at / rows.length);
    return group * count + places[at % rows.length]!;
  });
  const row = shape.slice(1);
  const wide = tf.tidy(() => {
    const flat = tf.reshape(stacked, [k * rows.length, ...row]);
    return tf.reshape(scattered(flat, all, [k * count, ...row]), [k, count, ...row]);
  });
  stacked.dispose();
  return wide;
}

/** A tensor of that shape with the given rows, and 0 elsewhere. */
export function scattered(
  values: tf.Tensor,
  rows: Int32Array,
  shape: readonly number[],
): tf.Tensor {
  return tf.tidy(() => tf.scatterND(tf.tensor2d(rows, [rows.length, 1]), values, [...shape]));
}

/** Ascending, as both are. */
function union(one: Int32Array, other: Int32Array): Int32Array {
  return Int32Array.from(new Set([...one, ...other])).sort();
}
