import * as tf from '@tensorflow/tfjs-core';
import type { GroupGradient } from '../../../../src/nn/module/gradientSource.ts';
import { normalRows, random } from '../../engine/random.ts';

/** Groups with given flat gradients, split over two variables of the shapes [1, 2] and [d − 2]. */
export function groupsOf(rows: readonly ArrayLike<number>[]): GroupGradient[] {
  return rows.map((row, i) => ({
    loss: tf.scalar(i),
    gradients: [tf.tensor2d([Array.from(row).slice(0, 2)]), tf.tensor1d(Array.from(row).slice(2))],
  }));
}

/** The same groups, one after another. */
export function separateOf(rows: readonly ArrayLike<number>[]) {
  return { kind: 'separate', groups: groupsOf(rows) } as const;
}

/** k rows of d random numbers that float32 holds. */
export function float32Rows(k: number, d: number, seed: number): Float64Array[] {
  return normalRows(k, d, random(seed)).map((row) => row.map(Math.fround));
}

/** Entries of a vector that is cut into variables. */
export function flat(parts: readonly tf.Tensor[]): Float64Array {
  return Float64Array.from(parts.flatMap((part) => Array.from(part.dataSync())));
}
