import assert from 'node:assert/strict';
import type * as tf from '@tensorflow/tfjs-core';
import type { TokenBatch } from '../../../src/data/tokenBatch.ts';
import type {
  Parameter,
  ParameterSink,
  StackedGradient,
} from '../../../src/nn/module/parameter.ts';
import type { NetworkParameters } from '../../../src/nn/parameters/networkParameters.ts';

/** Keeps what comes back, whole and on the host: for each parameter's name k gradients, one behind the other. */
export class Gradients implements ParameterSink {
  readonly of = new Map<string, Float32Array>();
  /** Names of the parameters whose gradients had arrived, at each flush. */
  readonly flushed: string[][] = [];
  #unread: [Parameter, StackedGradient][] = [];

  add(parameter: Parameter, gradient: StackedGradient): void {
    if (!parameter.trained) throw new Error(`${parameter.name} is not trained`);
    this.#unread.push([parameter, gradient]);
  }

  async flush(): Promise<void> {
    for (const [{ name, value }, { stacked, rows }] of this.#unread) {
      const whole = this.of.get(name) ?? new Float32Array(stacked.shape[0]! * value.size);
      addRows(whole, value.size, await stacked.data<'float32'>(), rows ?? allRows(value));
      this.of.set(name, whole);
      stacked.dispose();
    }
    this.#unread = [];
    this.flushed.push([...this.of.keys()]);
  }
}

function allRows({ shape }: tf.Tensor): Int32Array {
  return Int32Array.from({ length: shape[0]! }, (_, row) => row);
}

/** @param size of one group's whole gradient @param stacked [k, rows, …] */
function addRows(whole: Float32Array, size: number, stacked: Float32Array, rows: Int32Array): void {
  const groups = whole.length / size;
  const width = stacked.length / (groups * rows.length);
  for (let group = 0; group < groups; group++) {
    rows.forEach((row, i) => {
      const from = (group * rows.length + i) * width;
      const to = group * size + row * width;
      for (let at = 0; at < width; at++) whole[to + at] = whole[to + at]! + stacked[from + at]!;
    });
  }
}

/** Largest difference; NaN if one is, which is within no bound. */
export function farthest(actual: ArrayLike<number>, expected: ArrayLike<number>): number {
  if (actual.length !== expected.length) return Number.POSITIVE_INFINITY;
  let difference = 0;
  for (let i = 0; i < expected.length; i++) {
    difference = Math.max(difference, Math.abs(actual[i]! - expected[i]!));
  }
  return difference;
}

/** Largest difference, over the largest of the values that are expected and a floor: some, as those of keys' biases, are nothing but rounding. */
export function distance(
  actual: ArrayLike<number>,
  expected: ArrayLike<number>,
  floor = 1e-2,
): number {
  return farthest(actual, expected) / Math.max(floor, largest(expected));
}

function largest(values: ArrayLike<number>): number {
  let scale = 0;
  for (let i = 0; i < values.length; i++) scale = Math.max(scale, Math.abs(values[i]!));
  return scale;
}

/**
 * Holds every group's gradient of every trained parameter against the one that is expected, each by itself: differences are
 * measured by the largest entry that the group has there, but at least by a twentieth of the largest that it has anywhere.
 *
 * @param expected of a parameter's name; k gradients, one behind the other
 */
export function assertGradients(
  { of }: Gradients,
  { trained }: NetworkParameters,
  expected: (name: string) => Float32Array,
  tolerance: number,
): void {
  assert.deepEqual([...of.keys()].sort(), trained.map(({ name }) => name).sort());
  const parts = trained.flatMap(({ name, value }) => {
    const [actual, wanted] = [of.get(name)!, expected(name)];
    assert.equal(actual.length, wanted.length, name);
    return Array.from({ length: actual.length / value.size }, (_, group) => ({
      ...{ name, group },
      actual: ofGroup(actual, value.size, group),
      wanted: ofGroup(wanted, value.size, group),
    }));
  });
  const scales: number[] = [];
  for (const { group, wanted } of parts) {
    scales[group] = Math.max(scales[group] ?? 0, largest(wanted));
  }
  for (const { name, group, actual, wanted } of parts) {
    const far = distance(actual, wanted, 0.05 * scales[group]!);
    assert.ok(far <= tolerance, `${name}, group ${group}: ${far}`);
  }
}

/** Of k values of some size, one behind the other. */
export function ofGroup(stacked: Float32Array, size: number, group: number): Float32Array {
  return stacked.subarray(group * size, (group + 1) * size);
}

/** The examples of one group of a batch. */
export function groupAlone({ length, ...tokens }: TokenBatch, group: number): TokenBatch {
  const [start, end] = [tokens.exampleBounds[group]!, tokens.exampleBounds[group + 1]!];
  return {
    batchSize: end - start,
    length,
    ids: tokens.ids.slice(start * length, end * length),
    typeIds: tokens.typeIds.slice(start * length, end * length),
    lengths: tokens.lengths.slice(start, end),
    exampleBounds: [0, end - start],
  };
}
