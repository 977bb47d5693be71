import { uniformFloat64 } from 'pure-rand/distribution/uniformFloat64';
import type { RandomGenerator } from 'pure-rand/types/RandomGenerator';

export interface Example {
  readonly features: Float64Array;
  /** A class, or the number to predict. */
  readonly target: number;
  /** Index of its source. */
  readonly source: number;
}

export interface Shape {
  readonly features: number;
  readonly hidden: number;
  /** Of a classification; null: a regression. */
  readonly classes: number | null;
}

/**
 * A network with one hidden layer of ReLU, in float64. Loss: cross-entropy, or squared error of a regression. Parameters are one
 * vector θ: first layer feature by feature, its biases, second layer unit by unit, its biases.
 */
export class Network {
  readonly parameters: Float64Array;
  readonly #shape: Shape;
  readonly #outputs: number;
  /** Where the first layer's biases, the second layer and its biases begin. */
  readonly #at: readonly [number, number, number];
  readonly #activations: Float64Array;
  readonly #signals: Float64Array;

  /** With uniform weights of variance 2 / (inputs + outputs) (Glorot & Bengio 2010) and zero biases. */
  constructor(shape: Shape, random: RandomGenerator) {
    const { features, hidden, classes } = shape;
    this.#shape = shape;
    this.#outputs = classes ?? 1;
    const biases = features * hidden;
    const second = biases + hidden;
    const last = second + hidden * this.#outputs;
    this.#at = [biases, second, last];
    this.#activations = new Float64Array(hidden);
    this.#signals = new Float64Array(hidden);
    this.parameters = new Float64Array(last + this.#outputs);
    this.#fill(0, biases, Math.sqrt(6 / (features + hidden)), random);
    this.#fill(second, last, Math.sqrt(6 / (hidden + this.#outputs)), random);
  }

  #fill(from: number, to: number, limit: number, random: RandomGenerator): void {
    for (let i = from; i < to; i++) this.parameters[i] = limit * (2 * uniformFloat64(random) - 1);
  }

  subtract(change: Float64Array): void {
    const theta = this.parameters;
    for (let p = 0; p < theta.length; p++) theta[p]! -= change[p]!;
  }

  /** Mean loss of the examples, and its gradient. */
  gradient(examples: readonly Example[]): {
    readonly gradient: Float64Array;
    readonly loss: number;
  } {
    const gradient = new Float64Array(this.parameters.length);
    let loss = 0;
    for (const example of examples) {
      const outputs = this.outputs(example);
      loss += this.#lossAndDerivative(outputs, example.target);
      this.#backward(example, outputs, gradient);
    }
    for (let i = 0; i < gradient.length; i++) gradient[i]! /= examples.length;
    return { gradient, loss: loss / examples.length };
  }

  /** Logits, or the one number that is predicted. */
  outputs({ features }: Example): Float64Array {
    const { hidden } = this.#shape;
    const [biases, second, last] = this.#at;
    const theta = this.parameters;
    const activations = this.#activations;
    for (let j = 0; j < hidden; j++) activations[j] = theta[biases + j]!;
    for (let i = 0; i < features.length; i++) {
      const value = features[i]!;
      if (value !== 0) {
        for (let j = 0; j < hidden; j++) activations[j]! += value * theta[i * hidden + j]!;
      }
    }
    const outputs = theta.slice(last);
    for (let j = 0; j < hidden; j++) {
      const value = Math.max(0, activations[j]!);
      activations[j] = value;
      for (let c = 0; c < outputs.length; c++) {
        outputs[c]! += value * theta[second + j * outputs.length + c]!;
      }
    }
    return outputs;
  }

  /** Replaces the outputs by the derivative of the loss. */
  #lossAndDerivative(outputs: Float64Array, target: number): number {
    if (this.#shape.classes === null) {
      const residual = outputs[0]! - target;
      outputs[0] = 2 * residual;
      return residual ** 2;
    }
    const largest = Math.max(...outputs);
    let sum = 0;
    for (let c = 0; c < outputs.length; c++) {
      outputs[c] = Math.exp(outputs[c]! - largest);
      sum += outputs[c]!;
    }
    for (let c = 0; c < outputs.length; c++) outputs[c]! /= sum;
    const loss = -Math.log(Math.max(outputs[target]!, Number.MIN_VALUE));
    outputs[target]! -= 1;
    return loss;
  }

  /** Adds the gradient of one example. @param derivatives of the loss by the outputs */
  #backward({ features }: Example, derivatives: Float64Array, gradient: Float64Array): void {
    const { hidden } = this.#shape;
    const [biases, second, last] = this.#at;
    const signals = this.#signals;
    for (let c = 0; c < derivatives.length; c++) gradient[last + c]! += derivatives[c]!;
    for (let j = 0; j < hidden; j++) {
      const activation = this.#activations[j]!;
      const row = second + j * derivatives.length;
      let signal = 0;
      for (let c = 0; c < derivatives.length; c++) {
        gradient[row + c]! += activation * derivatives[c]!;
        signal += this.parameters[row + c]! * derivatives[c]!;
      }
      signals[j] = activation > 0 ? signal : 0;
      gradient[biases + j]! += signals[j]!;
    }
    for (let i = 0; i < features.length; i++) {
      const value = features[i]!;
      if (value !== 0) {
        for (let j = 0; j < hidden; j++) gradient[i * hidden + j]! += value * signals[j]!;
      }
    }
  }
}
