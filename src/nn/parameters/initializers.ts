import { uniformFloat64 } from 'pure-rand/distribution/uniformFloat64';
import { gaussian } from '../../engine/gaussian.ts';
import { keyedRandom } from '../../engine/keyedRandom.ts';

/** Initial values of a parameter that no checkpoint provides; `normal` is the standard deviation of a distribution with mean 0. */
export type Initializer = 'zeros' | 'ones' | 'kaiming' | { readonly normal: number };

/**
 * Values that depend on the seed and the parameter's name, and on no other parameter.
 *
 * @param shape of `kaiming`: [out, in]
 */
export function initialValues(
  initial: Initializer,
  shape: readonly number[],
  name: string,
  seed: number,
): Float32Array {
  const values = new Float32Array(shape.reduce((product, length) => product * length, 1));
  switch (initial) {
    case 'zeros':
      return values;
    case 'ones':
      return values.fill(1);
    case 'kaiming':
      return values.map(kaiming(shape[1]!, name, seed));
    default:
      return values.map(normal(initial.normal, name, seed));
  }
}

function normal(deviation: number, name: string, seed: number): () => number {
  const standard = gaussian(uniformFor(name, seed));
  return () => deviation * standard();
}

/** Uniform in ±1/√in: kaiming_uniform with a = √5, of torch's linear layers and peft's A (He et al., arXiv 1502.01852). */
function kaiming(inputs: number, name: string, seed: number): () => number {
  const uniform = uniformFor(name, seed);
  return () => (2 * uniform() - 1) / Math.sqrt(inputs);
}

function uniformFor(name: string, seed: number): () => number {
  const random = keyedRandom(`initial ${name}`, seed);
  return () => uniformFloat64(random);
}
