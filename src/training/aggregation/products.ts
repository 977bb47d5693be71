import * as tf from '@tensorflow/tfjs-core';
import type { Device } from '../../backends/device.ts';
import { valuesOf } from '../../backends/hostValues.ts';
import { gramOf } from '../../engine/gram.ts';
import type { MeasuredVector } from '../../engine/types.ts';
import { readAndDispose } from './disposal.ts';

/** A vector in the space of the parameters: one tensor per variable. */
export type ParameterVector = readonly tf.Tensor[];

/**
 * Gram matrix of k vectors, k×k row-major. In this process's memory they are read in place and summed in float64. On a GPU they
 * stay there: sums are in float32, and only k² numbers are read back.
 */
export async function gramOfParts(
  device: Device,
  rows: readonly ParameterVector[],
): Promise<Float64Array> {
  if (!device.hostMemory) return gramOnDevice(rows);
  const total = new Float64Array(rows.length ** 2);
  for (let part = 0; part < rows[0]!.length; part++) {
    const gram = gramOf(rows.map((row) => valuesOf(row[part]!)));
    for (let at = 0; at < total.length; at++) total[at]! += gram[at]!;
  }
  return total;
}

async function gramOnDevice(rows: readonly ParameterVector[]): Promise<Float64Array> {
  const gram = tf.tidy(() => {
    const matrix = stacked(rows);
    return tf.matMul(matrix, matrix, false, true);
  });
  return Float64Array.from(await readAndDispose(gram));
}

/** ‖v‖² and the inner products of v with k others, summed as in {@link gramOfParts}. */
export async function measure(
  device: Device,
  vector: ParameterVector,
  against: readonly ParameterVector[],
): Promise<MeasuredVector> {
  const all = [vector, ...against];
  const products = device.hostMemory
    ? all.map((other) => innerProduct(vector, other))
    : await productsOnDevice(vector, all);
  return { norm2: products[0]!, inner: products.slice(1) };
}

async function productsOnDevice(
  vector: ParameterVector,
  all: readonly ParameterVector[],
): Promise<number[]> {
  const products = tf.tidy(() => tf.matMul(stacked(all), stacked([vector]), false, true));
  return Array.from(await readAndDispose(products));
}

function stacked(rows: readonly ParameterVector[]): tf.Tensor2D {
  const flat = rows.map((row) => tf.concat(row.map((part) => tf.reshape(part, [-1]))));
  return tf.stack(flat) as tf.Tensor2D;
}

function innerProduct(a: ParameterVector, b: ParameterVector): number {
  return a.reduce((sum, part, i) => sum + dot(valuesOf(part), valuesOf(b[i]!)), 0);
}

/** ⟨a, b⟩ in float64, in four partial sums that can run in parallel. */
export function dot(a: Float32Array, b: Float32Array): number {
  const end = a.length - (a.length % 4);
  let s0 = 0;
  let s1 = 0;
  let s2 = 0;
  let s3 = 0;
  for (let x = 0; x < end; x += 4) {
    s0 += a[x]! * b[x]!;
    s1 += a[x + 1]! * b[x + 1]!;
    s2 += a[x + 2]! * b[x + 2]!;
    s3 += a[x + 3]! * b[x + 3]!;
  }
  for (let x = end; x < a.length; x++) s0 += a[x]! * b[x]!;
  return s0 + s1 + (s2 + s3);
}
