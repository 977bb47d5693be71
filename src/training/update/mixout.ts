import * as tf from '@tensorflow/tfjs-core';
import { uniformFloat64 } from 'pure-rand/distribution/uniformFloat64';
import { keyedRandom } from '../../engine/keyedRandom.ts';
import type { GradientSource, SeparateSource } from '../../nn/module/gradientSource.ts';
import type { LinearWeight, Model } from '../../nn/module/model.ts';

/** What `mixout` needs of a run, beside its model. */
interface Options {
  /** p, 0…<1. */
  readonly probability: number;
  readonly seed: number;
}

/**
 * Mixout (Lee et al. 2020, arXiv:1909.11299): gradients at θ̃ = u + r⊙(θ − u), u the weights at the start, r = (1 − A)/(1 − p) with one
 * A ~ Bernoulli(p) for each input of a linear layer and step; by θ they are r⊙∂/∂θ̃.
 */
export class Mixout {
  readonly #options: Options;
  readonly #variables: readonly tf.Variable[];
  readonly #weights: readonly (LinearWeight & { readonly start: tf.Tensor })[];

  constructor({ trainable, pretrainedLinear }: Model, options: Options) {
    this.#options = options;
    this.#variables = trainable;
    this.#weights = pretrainedLinear.map((weight) => ({
      ...weight,
      start: tf.tidy(() => tf.keep(tf.clone(trainable[weight.variable]!))),
    }));
  }

  /** The source with its passes at θ̃: the same ones each time that it is asked in a step. */
  mixed(source: GradientSource, step: number): GradientSource {
    if (source.kind === 'separate') return { ...source, groups: this.#groups(source.groups, step) };
    return {
      ...source,
      run: async (sink) => {
        const mix = this.#enter(step);
        try {
          return await source.run({
            add: (variable, gradient) => {
              const factor = mix.factors.get(variable);
              if (!factor) return sink.add(variable, gradient);
              const stacked = tf.mul(gradient.stacked, factor);
              gradient.stacked.dispose();
              sink.add(variable, { ...gradient, stacked });
            },
            flush: () => sink.flush(),
          });
        } finally {
          mix.leave();
        }
      },
    };
  }

  async *#groups(groups: SeparateSource['groups'], step: number): SeparateSource['groups'] {
    const mix = this.#enter(step);
    try {
      for await (const { loss, gradients } of groups) {
        yield {
          loss,
          gradients: gradients.map((gradient, variable) => {
            const factor = mix.factors.get(variable);
            if (!factor) return gradient;
            const masked = tf.mul(gradient, factor);
            gradient.dispose();
            return masked;
          }),
        };
      }
    } finally {
      mix.leave();
    }
  }

  /** The parameters are θ̃ until they leave, then θ again, to the bit. `factors`: r by variable, to be broadcast. */
  #enter(step: number) {
    const variables = this.#weights.map(({ variable }) => this.#variables[variable]!);
    const before = tf.tidy(() => variables.map((variable) => tf.keep(tf.clone(variable))));
    const factors = this.#weights.map((weight) => this.#factor(weight, step));
    tf.tidy(() => {
      for (const [i, variable] of variables.entries()) {
        const { start } = this.#weights[i]!;
        variable.assign(tf.add(start, tf.mul(factors[i]!, tf.sub(variable, start))));
      }
    });
    return {
      factors: new Map(this.#weights.map(({ variable }, i) => [variable, factors[i]!])),
      leave: () => {
        for (const [i, variable] of variables.entries()) variable.assign(before[i]!);
        tf.dispose([before, factors]);
      },
    };
  }

  #factor({ variable, inputs }: LinearWeight, step: number): tf.Tensor2D {
    const { probability, seed } = this.#options;
    const random = keyedRandom(`mixout ${variable}`, seed, step);
    const count = this.#variables[variable]!.shape[inputs]!;
    const values = Float32Array.from({ length: count }, () =>
      uniformFloat64(random) < probability ? 0 : 1 / (1 - probability),
    );
    return tf.tensor2d(values, inputs === 0 ? [count, 1] : [1, count]);
  }

  dispose(): void {
    tf.dispose(this.#weights.map(({ start }) => start));
  }
}
