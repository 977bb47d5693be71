import * as tf from '@tensorflow/tfjs-core';
import { uniformFloat64 } from 'pure-rand/distribution/uniformFloat64';
import type { Device } from '../../backends/device.ts';
import type { Ascent, Neighborhood } from '../../config/techniques/description.ts';
import { gaussian } from '../../engine/gaussian.ts';
import { keyedRandom } from '../../engine/keyedRandom.ts';
import type { GradientSource, GroupedSource } from '../../nn/module/gradientSource.ts';
import type { AggregatedStep } from '../aggregation/aggregatedStep.ts';
import type { ParameterVector } from '../aggregation/products.ts';
import { StackCollector } from '../aggregation/stackedGradients.ts';
import { uphill } from './ascent.ts';
import { displaced } from './displaced.ts';

/** A step of a run, at the parameters as they are. */
interface Passes {
  readonly device: Device;
  readonly variables: readonly tf.Variable[];
  /** Examples of each group. */
  readonly sizes: readonly number[];
  readonly source: () => GradientSource;
  /** The gradient of the batch's mean loss. */
  readonly mean: () => Promise<AggregatedStep>;
  readonly seed: number;
  readonly step: number;
}

/**
 * TSAM (Li et al. 2025, arXiv:2410.22656): the groups' gradients Σⱼ sⱼgᵢ(θ + εⱼ) and losses Σⱼ sⱼLᵢ(θ + εⱼ), s = softmax(tL(θ + ε)) by
 * the losses L of the batch, at places ρ uphill of random ones at one distance from θ. Afterwards the parameters are θ, to the bit.
 *
 * @returns what gives these gradients as often as it is asked, until the caller disposes of it
 */
export async function tiltedUphill(
  passes: Passes,
  { radius, eta, neighborhood }: Ascent & { readonly neighborhood: Neighborhood },
): Promise<TiltedGradients> {
  const { device, variables } = passes;
  const { samples, noise, tilt } = neighborhood;
  const tilted = new TiltedGradients(variables, passes.sizes, tilt);
  try {
    for (let sample = 0; sample < samples; sample++) {
      const random = keyedRandom('tsam', passes.seed, passes.step, sample);
      const move = () => shift(variables, direction(variables, random, noise));
      await displaced(variables, move, async () => {
        const mean = await passes.mean();
        try {
          const take = () => tilted.add(passes.source());
          const { gradients } = mean;
          await (gradients ? uphill(device, variables, gradients, { radius, eta }, take) : take());
        } finally {
          mean.dispose();
        }
      });
    }
    return tilted;
  } catch (error) {
    tilted.dispose();
    throw error;
  }
}

/** A vector of the given length in a random direction, one array per variable. */
function direction(
  variables: ParameterVector,
  random: ReturnType<typeof keyedRandom>,
  length: number,
): Float32Array[] {
  const normal = gaussian(() => uniformFloat64(random));
  let norm2 = 0;
  const parts = variables.map(({ size }) =>
    new Float32Array(size).map(() => {
      const value = normal();
      norm2 += value ** 2;
      return value;
    }),
  );
  const factor = length / Math.sqrt(norm2);
  return parts.map((part) => part.map((value) => value * factor));
}

function shift(variables: readonly tf.Variable[], by: readonly Float32Array[]): void {
  tf.tidy(() => {
    for (const [v, variable] of variables.entries()) {
      variable.assign(tf.add(variable, tf.tensor(by[v]!, variable.shape)));
    }
  });
}

/** Gradients of several passes over the same groups, each of which counts by exp(tilt · loss of the batch). */
class TiltedGradients {
  readonly #shapes: readonly (readonly number[])[];
  readonly #sizes: readonly number[];
  readonly #tilt: number;
  readonly #exponents: number[] = [];
  #losses: readonly number[];
  #stacks: StackCollector;

  constructor(variables: ParameterVector, sizes: readonly number[], tilt: number) {
    this.#shapes = variables.map(({ shape }) => shape);
    this.#sizes = sizes;
    this.#tilt = tilt;
    this.#losses = sizes.map(() => 0);
    this.#stacks = new StackCollector(this.#shapes);
  }

  async add(source: GradientSource): Promise<void> {
    const stacks = new StackCollector(this.#shapes);
    try {
      const losses = await collect(source, stacks);
      this.#exponents.push(this.#tilt * weightedMean(losses, this.#sizes));
      const share = lastShare(this.#exponents);
      this.#losses = this.#losses.map((loss, i) => loss + share * (losses[i]! - loss));
      this.#stacks = this.#mixed(stacks, share);
    } finally {
      stacks.dispose();
    }
  }

  /** Moves what there is by a share towards these gradients. */
  #mixed(stacks: StackCollector, share: number): StackCollector {
    const before = this.#stacks;
    const mixed = new StackCollector(this.#shapes);
    for (const v of this.#shapes.keys()) {
      for (const [from, factor] of [
        [before, 1 - share],
        [stacks, share],
      ] as const) {
        if (!from.has(v)) continue;
        const { stacked, rows } = from.get(v);
        mixed.add(v, { stacked: tf.mul(stacked, factor), ...(rows && { rows }) });
        from.dispose([v]);
      }
    }
    return mixed;
  }

  get source(): GroupedSource {
    return {
      kind: 'grouped',
      run: async (sink) => {
        for (const [v, { stacked, rows }] of this.#stacks.all.entries()) {
          sink.add(v, { stacked: tf.clone(stacked), ...(rows && { rows }) });
        }
        await sink.flush();
        return this.#losses;
      },
    };
  }

  dispose(): void {
    this.#stacks.dispose();
  }
}

/** Into one stack per variable. @returns each group's loss */
async function collect(source: GradientSource, stacks: StackCollector): Promise<readonly number[]> {
  if (source.kind === 'grouped') return source.run(stacks);
  const losses: number[] = [];
  const groups: (readonly tf.Tensor[])[] = [];
  try {
    for await (const { loss, gradients } of source.groups) {
      groups.push(gradients);
      losses.push((await loss.data<'float32'>())[0]!);
      loss.dispose();
    }
    for (const v of groups[0]!.keys()) {
      stacks.add(v, { stacked: tf.stack(groups.map((gradients) => gradients[v]!)) });
    }
    return losses;
  } finally {
    tf.dispose(groups.flat());
  }
}

function weightedMean(values: readonly number[], weights: readonly number[]): number {
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  return values.reduce((sum, value, i) => sum + (value * weights[i]!) / total, 0);
}

/** The last entry of the softmax: the share of what came last in all so far. */
function lastShare(exponents: readonly number[]): number {
  const most = Math.max(...exponents);
  const total = exponents.reduce((sum, exponent) => sum + Math.exp(exponent - most), 0);
  return Math.exp(exponents.at(-1)! - most) / total;
}
