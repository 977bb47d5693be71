/** Optimizers of plain float64 vectors, as src/training/optimizers has them for tensors. */

export interface Optimizer {
  readonly name: 'adamw' | 'sgd';
  readonly learningRate: number;
  readonly momentum: number;
}

const BETA1 = 0.9;
const BETA2 = 0.999;
const EPSILON = 1e-8;

export interface Descent {
  /** What to subtract from the parameters. It is overwritten by the next call. @param step from 1 */
  change(gradient: Float64Array, learningRate: number, step: number): Float64Array;
  /**
   * P^½ of the step to come, with P = 1/(√v̂ + ε) and the groups' mean squares in v instead of d's.
   *
   * @param shares of the examples, which sum to 1
   */
  prepare?(
    gradients: readonly Float64Array[],
    shares: readonly number[],
    step: number,
  ): Float64Array;
}

/** @param length number of parameters */
export function descentOf({ name, momentum }: Optimizer, length: number): Descent {
  return name === 'sgd' ? sgd(momentum, length) : adamw(length);
}

function sgd(momentum: number, length: number): Descent {
  const velocity = new Float64Array(length);
  const change = new Float64Array(length);
  return {
    change(gradient, learningRate) {
      for (let p = 0; p < length; p++) {
        velocity[p] = momentum * velocity[p]! + gradient[p]!;
        change[p] = learningRate * velocity[p]!;
      }
      return change;
    },
  };
}

function adamw(length: number): Descent {
  const first = new Float64Array(length);
  const second = new Float64Array(length);
  const change = new Float64Array(length);
  let isPrepared = false;
  const scale = (p: number, step: number) =>
    1 / (Math.sqrt(second[p]! / (1 - BETA2 ** step)) + EPSILON);
  return {
    prepare(gradients, shares, step) {
      isPrepared = true;
      for (let p = 0; p < length; p++) {
        const square = gradients.reduce((sum, of, i) => sum + shares[i]! * of[p]! ** 2, 0);
        second[p] = BETA2 * second[p]! + (1 - BETA2) * square;
      }
      return second.map((_, p) => Math.sqrt(scale(p, step)));
    },
    change(gradient, learningRate, step) {
      const rate = learningRate / (1 - BETA1 ** step);
      for (let p = 0; p < length; p++) {
        const derivative = gradient[p]!;
        first[p] = BETA1 * first[p]! + (1 - BETA1) * derivative;
        if (!isPrepared) second[p] = BETA2 * second[p]! + (1 - BETA2) * derivative * derivative;
        change[p] = rate * first[p]! * scale(p, step);
      }
      isPrepared = false;
      return change;
    },
  };
}
