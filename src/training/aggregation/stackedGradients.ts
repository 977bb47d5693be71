import * as tf from '@tensorflow/tfjs-core';
import { heapView } from '../../backends/hostValues.ts';
import type { GroupGradient, VariableSink } from '../../nn/module/gradientSource.ts';
import type { StackedGradient } from '../../nn/module/parameter.ts';

/** The gradient of one group, in the shape of the variable. */
export function groupOf(
  { stacked, rows }: StackedGradient,
  group: number,
  shape: readonly number[],
): tf.Tensor {
  return tf.tidy(() => {
    const own = tf.squeeze(tf.slice(stacked, group, 1), [0]);
    return rows ? scattered(own, rows, shape) : own;
  });
}

/** Sum of two parts of a gradient; disposes of both. The sum covers only some rows if both parts do. */
export function addStacks(
  one: StackedGradient,
  other: StackedGradient,
  shape: readonly number[],
): StackedGradient {
  if (one.rows && !other.rows) return addStacks(other, one, shape);
  if (other.rows && !one.rows && addRows(one.stacked, other.stacked, other.rows)) {
    other.stacked.dispose();
    return one;
  }
  const rows = one.rows && other.rows && union(one.rows, other.rows);
  const stacked = tf.tidy(() => tf.add(spread(one, rows, shape), spread(other, rows, shape)));
  tf.dispose([one.stacked, other.stacked]);
  return { stacked, ...(rows && { rows }) };
}

/**
 * Adds the gradient of some rows to that of all rows in place: a token embedding is too large to be copied.
 *
 * @param all [k, …shape]
 * @returns false, and does nothing, if the backend's memory is not accessible
 */
function addRows(all: tf.Tensor, some: tf.Tensor, rows: Int32Array): boolean {
  const [sums, terms] = [heapView(all), heapView(some)];
  if (!sums || !terms) return false;
  const width = some.size / (all.shape[0]! * rows.length);
  const size = all.size / all.shape[0]!;
  for (let at = 0; at < terms.length; at++) {
    const row = Math.floor(at / width);
    const group = Math.floor(row / rows.length);
    sums[group * size + rows[row % rows.length]! * width + (at % width)]! += terms[at]!;
  }
  return true;
}

/** A tensor of the given shape with the given rows, 0 elsewhere. */
export function scattered(
  values: tf.Tensor,
  rows: Int32Array,
  shape: readonly number[],
): tf.Tensor {
  return tf.tidy(() => tf.scatterND(tf.tensor2d(rows, [rows.length, 1]), values, [...shape]));
}

/** The same gradients on more rows: on those of `onto`, or on all. */
function spread(
  { stacked, rows }: StackedGradient,
  onto: Int32Array | undefined,
  shape: readonly number[],
): tf.Tensor {
  if (!rows) return stacked;
  const k = stacked.shape[0]!;
  const [count, ...row] = onto ? [onto.length, ...shape.slice(1)] : shape;
  const places = onto ? placesIn(onto, rows) : rows;
  // One list of rows for all groups: those of group g start at g·count.
  const all = Int32Array.from({ length: k * rows.length }, (_, at) => {
    const group = Math.floor(at / rows.length);
    return group * count! + places[at % rows.length]!;
  });
  const flat = tf.reshape(stacked, [all.length, ...row]);
  return tf.reshape(scattered(flat, all, [k * count!, ...row]), [k, count!, ...row]);
}

function placesIn(all: Int32Array, rows: Int32Array): Int32Array {
  const places = new Map([...all].map((row, place) => [row, place]));
  return rows.map((row) => places.get(row)!);
}

/** Ascending. */
function union(one: Int32Array, other: Int32Array): Int32Array {
  return Int32Array.from(new Set([...one, ...other])).sort();
}

/** Collects the gradients of a grouped pass, variable by variable. */
export class StackCollector implements VariableSink {
  readonly #shapes: readonly (readonly number[])[];
  readonly #stacks = new Map<number, StackedGradient>();

  /** @param shapes of the variables */
  constructor(shapes: readonly (readonly number[])[]) {
    this.#shapes = shapes;
  }

  add(variable: number, gradient: StackedGradient): void {
    const before = this.#stacks.get(variable);
    const sum = before ? addStacks(before, gradient, this.#shapes[variable]!) : gradient;
    this.#stacks.set(variable, sum);
  }

  async flush(): Promise<void> {}

  has(variable: number): boolean {
    return this.#stacks.has(variable);
  }

  /** @throws Error if there is no gradient for the variable */
  get(variable: number): StackedGradient {
    const stack = this.#stacks.get(variable);
    if (!stack) throw new Error(`there is no gradient for variable ${variable}`);
    return stack;
  }

  /** In the order of the variables. */
  get all(): StackedGradient[] {
    return this.#shapes.map((_, variable) => this.get(variable));
  }

  /** One group's loss and gradient, as new tensors. */
  group(index: number, loss: number): GroupGradient {
    return tf.tidy(() => ({
      loss: tf.scalar(loss),
      gradients: this.all.map((stack, v) => groupOf(stack, index, this.#shapes[v]!)),
    }));
  }

  dispose(variables: Iterable<number> = this.#stacks.keys()): void {
    for (const variable of variables) {
      this.#stacks.get(variable)?.stacked.dispose();
      this.#stacks.delete(variable);
    }
  }
}
