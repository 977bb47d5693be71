import * as tf from '@tensorflow/tfjs-core';
import type { Optimizer, OptimizerState } from './optimizer.ts';
import { Slots } from './state.ts';

/**
 * Stochastic gradient descent with momentum (Polyak's heavy ball): v ← μv + g, θ ← θ − ηv.
 * Weight decay is the classical L2 term, g + λθ, and so passes through the momentum.
 */
export class Sgd implements Optimizer {
  readonly #momentum: number;
  readonly #weightDecay: number;
  readonly #velocity = new Slots('velocity');
  #steps = 0;

  constructor(options: { readonly momentum: number; readonly weightDecay: number }) {
    this.#momentum = options.momentum;
    this.#weightDecay = options.weightDecay;
  }

  step(
    variables: readonly tf.Variable[],
    gradients: readonly tf.Tensor[],
    learningRate: number,
  ): void {
    this.#steps++;
    tf.tidy(() => {
      variables.forEach((variable, i) => {
        const direction = this.#direction(i, variable, gradients[i]!);
        variable.assign(tf.add(variable, tf.mul(direction, -learningRate)));
      });
    });
  }

  #direction(i: number, variable: tf.Variable, gradient: tf.Tensor): tf.Tensor {
    const decayed =
      this.#weightDecay === 0 ? gradient : tf.add(gradient, tf.mul(variable, this.#weightDecay));
    if (this.#momentum === 0) return decayed;
    const velocity = tf.add(tf.mul(this.#velocity.of(i, variable), this.#momentum), decayed);
    this.#velocity.set(i, velocity);
    return velocity;
  }

  async state(): Promise<OptimizerState> {
    return { steps: this.#steps, slots: await this.#velocity.read() };
  }

  restore(state: OptimizerState): void {
    this.#steps = state.steps;
    this.#velocity.restore(state.slots);
  }

  dispose(): void {
    this.#velocity.dispose();
  }
}
