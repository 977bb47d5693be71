import * as tf from '@tensorflow/tfjs-core';
import type { NamedArray } from './optimizer.ts';

/** A kind of memory that an optimizer keeps for each variable, zero at first: a moving average, say. */
export class Slots {
  readonly #name: string;
  #tensors: tf.Tensor[] = [];

  constructor(name: string) {
    this.#name = name;
  }

  /** What is remembered for the i-th variable. */
  of(i: number, variable: tf.Variable): tf.Tensor {
    this.#tensors[i] ??= tf.keep(tf.zerosLike(variable));
    return this.#tensors[i];
  }

  /** Remembers a tensor, which it keeps, in the place of the one before. */
  set(i: number, tensor: tf.Tensor): void {
    this.#tensors[i]?.dispose();
    this.#tensors[i] = tf.keep(tensor);
  }

  async read(): Promise<NamedArray[]> {
    return Promise.all(
      this.#tensors.map(async (tensor, i) => ({
        name: `${this.#name}/${i}`,
        shape: tensor.shape,
        values: await tensor.data<'float32'>(),
      })),
    );
  }

  /** Takes its own arrays from the saved ones. */
  restore(saved: readonly NamedArray[]): void {
    this.dispose();
    const own = saved.filter(({ name }) => name.startsWith(`${this.#name}/`));
    // One by one: where one finds no room, those before it are still disposed of.
    own.forEach(({ values, shape }, i) => {
      this.set(i, tf.tensor(values, [...shape]));
    });
  }

  dispose(): void {
    tf.dispose(this.#tensors);
    this.#tensors = [];
  }
}
