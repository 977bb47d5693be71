import * as tf from '@tensorflow/tfjs-core';
import type { AdamWStep } from '../../backends/interface/kernels.ts';
import type { Optimizer, OptimizerState, Preconditioned } from './optimizer.ts';
import { Slots } from './state.ts';

/**
 * Adam with bias correction (Kingma & Ba, arXiv 1412.6980, algorithm 1) and decoupled weight decay (Loshchilov & Hutter,
 * arXiv 1711.05101, algorithm 2; the decay is scaled by the learning rate of the step):
 *
 *   m ← β₁m + (1−β₁)g      v ← β₂v + (1−β₂)g²
 *   θ ← θ − ηλθ − η · m/(1−β₁ᵗ) / (√(v/(1−β₂ᵗ)) + ε)
 *
 * A prepared step uses Σ sᵢgᵢ² over the groups, with shares sᵢ of sum 1, instead of g² in v, because g = Σ wᵢgᵢ is not known yet:
 * then P = 1/(√v̂ + ε) does not depend on w. With k equal shares and w on the simplex |g| ≤ maxᵢ|gᵢ| ≤ √k·√(Σ sᵢgᵢ²), so a
 * coordinate's step stays within a factor √k of what it is with g².
 */
export class AdamW implements Optimizer, Preconditioned {
  readonly #options: AdamWOptions;
  readonly #kernel: AdamWStep | undefined;
  readonly #first = new Slots('first');
  readonly #second = new Slots('second');
  #steps = 0;
  /** Second moments of a prepared step; undefined once used. */
  #prepared: (tf.Tensor | undefined)[] = [];

  /** @param kernel the device's own, if it has one; tfjs's operations pass over the memory seven times instead of once */
  constructor(options: AdamWOptions, kernel?: AdamWStep) {
    this.#options = options;
    this.#kernel = kernel;
  }

  prepare(
    variables: readonly tf.Variable[],
    gradients: readonly (readonly tf.Tensor[])[],
    shares: readonly number[],
  ): readonly tf.Tensor[] {
    this.discardPrepared();
    const { beta2 } = this.#options;
    return tf.tidy(() => {
      const seconds = variables.map((variable, i) =>
        tf.tidy(() => {
          const squares = gradients.map((group, g) => tf.mul(tf.square(group[i]!), shares[g]!));
          const mean = squares.reduce((sum, square) => tf.add(sum, square));
          return average(this.#second.of(i, variable), mean, beta2);
        }),
      );
      const roots = seconds.map((second) =>
        tf.tidy(() => tf.rsqrt(this.#scale(second, this.#steps + 1))),
      );
      this.#prepared = seconds.map((second) => tf.keep(second));
      return roots;
    });
  }

  step(
    variables: readonly tf.Variable[],
    gradients: readonly tf.Tensor[],
    learningRate: number,
  ): void {
    this.#steps++;
    try {
      variables.forEach((variable, i) => {
        if (this.#kernel)
          this.#stepWithKernel(this.#kernel, variable, i, gradients[i]!, learningRate);
        else tf.tidy(() => this.#stepWithTfjs(variable, i, gradients[i]!, learningRate));
      });
    } finally {
      this.discardPrepared();
    }
  }

  #stepWithKernel(
    kernel: AdamWStep,
    variable: tf.Variable,
    i: number,
    gradient: tf.Tensor,
    learningRate: number,
  ): void {
    const { beta1, beta2, epsilon, weightDecay } = this.#options;
    const prepared = this.#takePrepared(i);
    if (prepared) this.#second.set(i, prepared);
    const first = this.#first.of(i, variable);
    const second = this.#second.of(i, variable);
    kernel(
      { variable, first, second, gradient, prepared: prepared !== undefined },
      {
        beta1,
        beta2,
        epsilon,
        decay: 1 - learningRate * weightDecay,
        rate: learningRate / (1 - beta1 ** this.#steps),
        correction: 1 - beta2 ** this.#steps,
      },
    );
  }

  #stepWithTfjs(variable: tf.Variable, i: number, gradient: tf.Tensor, learningRate: number): void {
    const { beta1, beta2, weightDecay } = this.#options;
    const first = average(this.#first.of(i, variable), gradient, beta1);
    const second =
      this.#takePrepared(i) ?? average(this.#second.of(i, variable), tf.square(gradient), beta2);
    this.#first.set(i, first);
    this.#second.set(i, second);

    const rate = learningRate / (1 - beta1 ** this.#steps);
    const change = tf.div(tf.mul(first, rate), this.#scale(second, this.#steps));
    const decayed = tf.mul(variable, 1 - learningRate * weightDecay);
    variable.assign(tf.sub(decayed, change));
  }

  async state(): Promise<OptimizerState> {
    const slots = await Promise.all([this.#first.read(), this.#second.read()]);
    return { steps: this.#steps, slots: slots.flat() };
  }

  restore(state: OptimizerState): void {
    this.discardPrepared();
    this.#steps = state.steps;
    this.#first.restore(state.slots);
    this.#second.restore(state.slots);
  }

  dispose(): void {
    this.discardPrepared();
    this.#first.dispose();
    this.#second.dispose();
  }

  /** √v̂ + ε at a step, 1/P. */
  #scale(second: tf.Tensor, step: number): tf.Tensor {
    const { beta2, epsilon } = this.#options;
    return tf.add(tf.sqrt(tf.div(second, 1 - beta2 ** step)), epsilon);
  }

  discardPrepared(): void {
    for (const second of this.#prepared) second?.dispose();
    this.#prepared = [];
  }

  #takePrepared(i: number): tf.Tensor | undefined {
    const second = this.#prepared[i];
    this.#prepared[i] = undefined;
    return second;
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
