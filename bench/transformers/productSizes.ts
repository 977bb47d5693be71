import * as tf from '@tensorflow/tfjs-core';
import type { Matrix, Operations } from '../../src/backends/operations/operations.ts';
import type { Products } from './protocol.ts';

/** Products with a shorter side do not measure the speed of the machine. */
const LEAST = 64;
const REPETITIONS = 3;

type Size = readonly [rows: number, depth: number, columns: number];

/** Records the sizes of the matrix products of a step. */
export class ProductSizes {
  #sizes: Size[] = [];
  /** Products of attention. */
  #flops = 0;

  /** The same operations, with their sizes recorded. */
  note(operations: Operations): Operations {
    return {
      ...operations,
      linear: (x, weight, ...rest) => {
        this.#add(x, weight);
        return operations.linear(x, weight, ...rest);
      },
      linearInput: (dy, weight, layout) => {
        this.#add(dy, weight);
        return operations.linearInput(dy, weight, layout);
      },
      linearWeight: (x, dy, ...rest) => {
        this.#sizes.push([dy.shape[1], x.shape[0], x.shape[1]]);
        return operations.linearWeight(x, dy, ...rest);
      },
      attention: (q, k, v, mask, shape) => {
        this.#flops += 2 * 2 * q.size * shape.keys;
        return operations.attention(q, k, v, mask, shape);
      },
      attentionInputs: (q, k, v, probabilities, dy, shape) => {
        this.#flops += 4 * 2 * q.size * shape.keys;
        return operations.attentionInputs(q, k, v, probabilities, dy, shape);
      },
    };
  }

  /** The products recorded during a task. */
  async of(task: () => Promise<unknown>, operations: Operations): Promise<Products> {
    this.#sizes = [];
    this.#flops = 0;
    await task();
    const all = this.#sizes.reduce((sum, size) => sum + flopsOf(size), this.#flops);
    return { flops: all, ...rateOf(this.#sizes, operations) };
  }

  #add(x: Matrix, weight: Matrix): void {
    const [rows, depth] = x.shape;
    this.#sizes.push([rows, depth, weight.size / depth]);
  }
}

function flopsOf([rows, depth, columns]: Size): number {
  return 2 * rows * depth * columns;
}

/** Runs a product of each size as often as it occurs, with nothing in between. */
function rateOf(sizes: readonly Size[], operations: Operations): Omit<Products, 'flops'> {
  const large = sizes.filter((size) => Math.min(...size) >= LEAST);
  const distinct = new Map(large.map((size) => [`${size}`, size]));
  let [flops, wall, cpu] = [0, 0, 0];
  for (const [key, size] of distinct) {
    const times = large.filter((other) => `${other}` === key).length;
    const time = timeOf(size, operations);
    flops += times * flopsOf(size);
    wall += times * time.wall;
    cpu += times * time.cpu;
  }
  return { rate: flops / wall, cpuRate: flops / cpu };
}

function timeOf([rows, depth, columns]: Size, { linear }: Operations) {
  return tf.tidy(() => {
    const a: Matrix = tf.randomUniform([rows, depth], -1, 1);
    const b: Matrix = tf.randomUniform([depth, columns], -1, 1);
    linear(a, b, null, 'in-out').dispose();
    const before = process.cpuUsage();
    const started = performance.now();
    for (let i = 0; i < REPETITIONS; i++) linear(a, b, null, 'in-out').dispose();
    const wall = (performance.now() - started) / 1e3 / REPETITIONS;
    const { user, system } = process.cpuUsage(before);
    return { wall, cpu: (user + system) / 1e6 / REPETITIONS };
  });
}
