import * as tf from '@tensorflow/tfjs-core';
import type { ParameterVector } from '../aggregation/products.ts';
import type { NamedArray } from '../optimizers/optimizer.ts';
import { assign, copyOf, displaced } from './displaced.ts';

const SLOT = 'trained';

/** θ̄, an average of the parameters over the steps, beside the parameters θ that are trained. */
export class ParameterAverage {
  readonly #variables: readonly tf.Variable[];
  readonly #share: (step: number) => number;
  #values: ParameterVector;

  /** @param share of θ in θ̄ after a step, 1-based */
  constructor(variables: readonly tf.Variable[], share: (step: number) => number) {
    this.#variables = variables;
    this.#share = share;
    this.#values = copyOf(variables);
  }

  /** θ̄ ← θ̄ + α(θ − θ̄). */
  add(step: number): void {
    const share = this.#share(step);
    if (share === 0) return;
    const before = this.#values;
    this.#values = tf.tidy(() =>
      this.#variables.map((variable, v) =>
        tf.keep(
          share === 1
            ? tf.clone(variable)
            : tf.add(before[v]!, tf.mul(tf.sub(variable, before[v]!), share)),
        ),
      ),
    );
    tf.dispose([...before]);
  }

  /** Work on the network while its parameters are θ̄. */
  use<T>(work: () => Promise<T>): Promise<T> {
    return displaced(this.#variables, () => assign(this.#variables, this.#values), work);
  }

  /** θ: what a checkpoint has beside the network, whose parameters are θ̄ there. */
  async trained(): Promise<NamedArray[]> {
    return Promise.all(
      this.#variables.map(async (variable, v) => ({
        name: `${SLOT}/${v}`,
        shape: variable.shape,
        values: await variable.data<'float32'>(),
      })),
    );
  }

  /** Of a network that was loaded from a checkpoint. @param saved what {@link trained} gave, among others */
  restore(saved: readonly NamedArray[]): void {
    this.dispose();
    this.#values = copyOf(this.#variables);
    for (const [v, variable] of this.#variables.entries()) {
      const own = saved.find(({ name }) => name === `${SLOT}/${v}`);
      if (own) tf.tidy(() => variable.assign(tf.tensor(own.values, [...own.shape])));
    }
  }

  dispose(): void {
    tf.dispose([...this.#values]);
  }
}
