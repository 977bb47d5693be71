import type { Parameter, StackedGradient } from '../../../../src/training/transformer/parameter.ts';
import type { GradientSink } from '../../../../src/training/transformer/pass.ts';

/** Keeps what comes back, whole and on the host: for each parameter's name k gradients, one behind the other. */
export class Gradients implements GradientSink {
  readonly of = new Map<string, Float32Array>();
  /** Names of what had come when the sink was asked to settle, each time. */
  readonly settled: string[][] = [];

  add({ name, value, trained }: Parameter, { stacked, rows }: StackedGradient): void {
    if (!trained) throw new Error(`${name} is not trained`);
    const values = stacked.dataSync<'float32'>();
    const groups = stacked.shape[0]!;
    const sum = this.of.get(name) ?? new Float32Array(groups * value.size);
    const width = rows ? value.size / value.shape[0]! : value.size;
    const places = rows ?? Int32Array.of(0);
    for (let at = 0; at < values.length; at++) {
      const group = Math.floor(at / (places.length * width));
      const row = places[Math.floor(at / width) % places.length]!;
      const index = group * value.size + row * width + (at % width);
      sum[index] = sum[index]! + values[at]!;
    }
    this.of.set(name, sum);
    stacked.dispose();
  }

  settle(): Promise<void> {
    this.settled.push([...this.of.keys()]);
    return Promise.resolve();
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
