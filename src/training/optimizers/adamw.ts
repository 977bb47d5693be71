import * as tf from '@tensorflow/tfjs-core';
import type { Optimizer, OptimizerState } from './optimizer.ts';
import { Slots } from './slots.ts';

/**
 * Adam with bias correction (Kingma & Ba, arXiv 1412.6980, algorithm 1) and decoupled weight decay (Loshchilov & Hutter,
 * arXiv 1711.05101, algorithm 2; the decay is scaled by the learning rate of the step):
 *
 *   m ← β₁m + (1−β₁)g      v ← β₂v + (1−β₂)g²
 *   θ ← θ − ηλθ − η · m/(1−β₁ᵗ) / (√(v/(1−β₂ᵗ)) + ε)
 */
export class AdamW implements Optimizer {
  readonly #options: AdamWOptions;
  readonly #first = new Slots('first');
  readonly #second = new Slots('second');
  #steps = 0;

  constructor(options: AdamWOptions) {
    this.#options = options;
  }

  step(
    variables: readonly tf.Variable[],
    gradients: readonly tf.Tensor[],
    learningRate: number,
  ): void {
    const { beta1, beta2, epsilon, weightDecay } = this.#options;
    this.#steps++;
    const firstCorrection = 1 - beta1 ** this.#steps;
    const secondCorrection = 1 - beta2 ** this.#steps;
    tf.tidy(() => {
      variables.forEach((variable, i) => {
        const gradient = gradients[i]!;
        const first = average(this.#first.of(i, variable), gradient, beta1);
        const second = average(this.#second.of(i, variable), tf.square(gradient), beta2);
        this.#first.set(i, first);
        this.#second.set(i, second);

        const scale = tf.add(tf.sqrt(tf.div(second, secondCorrection)), epsilon);
        const change = tf.div(tf.mul(first, learningRate / firstCorrection), scale);
        const kept = tf.mul(variable, 1 - learningRate * weightDecay);
        variable.assign(tf.sub(kept, change));
      });
    });
  }

  async state(): Promise<OptimizerState> {
    const slots = await Promise.all([this.#first.read(), this.#second.read()]);
    return { steps: this.#steps, slots: slots.flat() };
  }

  restore(state: OptimizerState): void {
    this.#steps = state.steps;
    this.#first.restore(state.slots);
    this.#second.restore(state.slots);
  }

  dispose(): void {
    this.#first.dispose();
    this.#second.dispose();
  }
}

interface AdamWOptions {
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
  readonly weightDecay: number;
}

/** Exponential moving average: βa + (1−β)x. */
function average(before: tf.Tensor, x: tf.Tensor, beta: number): tf.Tensor {
  return tf.add(tf.mul(before, beta), tf.mul(x, 1 - beta));
}
