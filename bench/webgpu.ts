/**
 * What tfjs does on the WebGPU device of this machine: a tiny transformer's step against the JavaScript backend, and the
 * time of single kernels, first call (compilation) and next. `node bench/webgpu.ts`
 */
import * as tf from '@tensorflow/tfjs-core';
import { type Device, openDevice } from '../src/backends/device.ts';
import { table } from '../src/experiment/markdown.ts';
import { random } from '../test/unit/engine/random.ts';
import { type EncoderCase, parametersOf, sizeOf } from './backends/cases.ts';
import { Encoder, plain } from './backends/encoder.ts';
import { circumstances, writeFigures } from './readme.ts';

const tiny: EncoderCase = {
  ...{ name: 'tiny', layers: 1, width: 32, heads: 2, ffn: 64, lora: 0 },
  ...{ vocabulary: 50, length: 8, batch: 2, classes: 2 },
};
const wide: EncoderCase = {
  ...{ name: 'wide', layers: 1, width: 256, heads: 4, ffn: 1024, lora: 0 },
  ...{ vocabulary: 1024, length: 64, batch: 8, classes: 2 },
};

interface Gradient {
  readonly loss: number;
  readonly norm: number;
  /** Until every kernel is submitted, and from there until the values are back; seconds. */
  readonly submitted: number;
  readonly finished: number;
}

/** The gradient at the same parameters, twice. */
async function differentiate(model: EncoderCase): Promise<Gradient[]> {
  const { normal } = random(1);
  const initial = parametersOf(model).map(({ name, shape }) => {
    const centre = name.endsWith('gamma') ? 1 : 0;
    return Float32Array.from({ length: sizeOf(shape) }, () => centre + 0.1 * normal());
  });
  const encoder = new Encoder(model, initial, plain);
  const results: Gradient[] = [];
  for (let i = 0; i < 2; i++) {
    const start = performance.now();
    const { value, grads } = encoder.gradients();
    const submitted = performance.now();
    const [loss] = await value.data();
    let squares = 0;
    for (const gradient of grads) for (const x of await gradient.data()) squares += x * x;
    results.push({
      ...{ loss: loss!, norm: Math.sqrt(squares) },
      submitted: (submitted - start) / 1000,
      finished: (performance.now() - submitted) / 1000,
    });
    tf.dispose([value, ...grads]);
  }
  encoder.dispose();
  return results;
}

/** Seconds of the first call and of the next. */
async function twice(run: () => tf.Tensor): Promise<[number, number]> {
  const durations: number[] = [];
  for (let i = 0; i < 2; i++) {
    const before = performance.now();
    const result = run();
    await result.data();
    durations.push((performance.now() - before) / 1000);
    result.dispose();
  }
  return durations as [number, number];
}

async function kernels(): Promise<string[][]> {
  const square = tf.randomNormal<tf.Rank.R2>([256, 256]);
  const many = tf.randomNormal<tf.Rank.R2>([512, 256]);
  const ids = tf.tensor1d(Int32Array.from({ length: 512 }, (_, i) => (i * 7919) % 1024));
  const calls: Record<string, () => tf.Tensor> = {
    'product 256×256×256': () => tf.matMul(square, square),
    'sum of 512 rows of 256': () => tf.sum(many, 0),
    'softmax, 512 rows of 256': () => tf.softmax(many),
    'sum of 512 rows into 1024 segments': () => tf.unsortedSegmentSum(many, ids, 1024),
    'sum of 512 rows into 30522 segments': () => tf.unsortedSegmentSum(many, ids, 30522),
  };
  const rows = [['kernel', 'first call', 'next']];
  for (const [name, call] of Object.entries(calls)) {
    rows.push([name, ...(await twice(call)).map(seconds)]);
    console.log(rows.at(-1)!.join('  '));
  }
  return rows;
}

async function on<T>(backend: 'cpu' | 'webgpu', work: (device: Device) => Promise<T>): Promise<T> {
  const device = await openDevice(backend);
  try {
    return await work(device);
  } finally {
    await device.close();
  }
}

const seconds = (duration: number) => `${Number(duration.toPrecision(2))} s`;

const [expected] = await on('cpu', () => differentiate(tiny));
await on('webgpu', async ({ name }) => {
  const rows = [['one layer', 'until submitted', 'from there', 'off by']];
  for (const model of [tiny, wide]) {
    for (const [i, { loss, norm, submitted, finished }] of (await differentiate(model)).entries()) {
      const off = Math.max(
        Math.abs(loss / expected!.loss - 1),
        Math.abs(norm / expected!.norm - 1),
      );
      rows.push([
        ...[`width ${model.width}, step ${i + 1}`, seconds(submitted), seconds(finished)],
        model === tiny ? off.toExponential(0) : '–',
      ]);
      console.log(rows.at(-1)!.join('  '));
    }
  }
  writeFigures(
    'webgpu',
    [`${circumstances()} Device: ${name}.`, table(rows, 1), table(await kernels(), 1)].join('\n\n'),
  );
});
process.exit();
