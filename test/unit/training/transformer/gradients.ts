import type * as tf from '@tensorflow/tfjs-core';
import type { Parameter, StackedGradient } from '../../../../src/training/transformer/parameter.ts';
import type { GradientSink } from '../../../../src/training/transformer/pass.ts';

/** Keeps what comes back, whole and on the host: for each parameter's name k gradients, one behind the other. */
export class Gradients implements GradientSink {
  readonly of = new Map<string, Float32Array>();
  /** Names of what had come when the sink was asked to settle, each time. */
  readonly settled: string[][] = [];
  #unread: [Parameter, StackedGradient][] = [];

  add(parameter: Parameter, gradient: StackedGradient): void {
    if (!parameter.trained) throw new Error(`${parameter.name} is not trained`);
    this.#unread.push([parameter, gradient]);
  }

  async settle(): Promise<void> {
    for (const [{ name, value }, { stacked, rows }] of this.#unread) {
      const whole = this.of.get(name) ?? new Float32Array(stacked.shape[0]! * value.size);
      addRows(whole, value.size, await stacked.data<'float32'>(), rows ?? allRows(value));
      this.of.set(name, whole);
      stacked.dispose();
    }
    this.#unread = [];
    this.settled.push([...this.of.keys()]);
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

/** Largest difference, over the largest of the values that are expected and a floor: some, as those of keys' biases, are nothing but rounding. */
export function distance(
  actual: ArrayLike<number>,
  expected: ArrayLike<number>,
  floor = 1e-2,
): number {
  if (actual.length !== expected.length) return Number.POSITIVE_INFINITY;
  let [difference, scale] = [0, floor];
  for (let i = 0; i < expected.length; i++) {
    const far = Math.abs(actual[i]! - expected[i]!);
    difference = Math.max(difference, far);
    scale = Math.max(scale, Math.abs(expected[i]!));
  }
  return difference / scale;
}
