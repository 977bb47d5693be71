import * as tf from '@tensorflow/tfjs-core';
import type { EngineClient } from '../engine/client.ts';
import { SharedGradients } from '../engine/kernels/sharedGradients.ts';
import type { Aggregation, AggregatorName, ZeroGroupPolicy } from '../engine/types.ts';
import type { Device } from './devices/device.ts';
import type { GroupGradient } from './gradients.ts';

export interface AggregatedStep extends Aggregation {
  /** Mean loss per group, before the step. */
  readonly losses: Float32Array;
  /** H = GGᵀ, k×k row-major. */
  readonly gram: Float64Array;
  /** Σ wᵢgᵢ, one tensor per trained variable, for the optimizer; the caller disposes of them. Null: skip the step. */
  readonly gradients: readonly tf.Tensor[] | null;
}

interface Options {
  readonly aggregator: AggregatorName;
  readonly zeroGroups: ZeroGroupPolicy;
}

/** Turns the k groups' gradients of each step into the one gradient that the optimizer sees. */
export class StepAggregator {
  readonly #engine: EngineClient;
  readonly #device: Device;
  readonly #options: Options;
  /** Reused from step to step. */
  readonly #shared = new SharedGradients();

  constructor(engine: EngineClient, device: Device, options: Options) {
    this.#engine = engine;
    this.#device = device;
    this.#options = options;
  }

  /**
   * Takes over the groups' tensors and disposes of them.
   * @param sizes examples per group, length k; `mean` weights by them.
   */
  async aggregate(
    groups: readonly GroupGradient[],
    sizes: ArrayLike<number>,
  ): Promise<AggregatedStep> {
    try {
      const losses = await readLosses(groups);
      const aggregated = this.#device.hostMemory
        ? await this.#throughSharedMemory(groups, sizes)
        : await this.#onDevice(groups, sizes);
      return { ...aggregated, losses };
    } finally {
      for (const { loss, gradients } of groups) tf.dispose([loss, ...gradients]);
    }
  }

  /** The engine's threads read the gradients where they lie, and write the combination beside them. */
  async #throughSharedMemory(groups: readonly GroupGradient[], sizes: ArrayLike<number>) {
    const { aggregator, zeroGroups } = this.#options;
    const variables = groups[0]!.gradients;
    const d = variables.reduce((size, gradient) => size + gradient.size, 0);
    this.#shared.resize(groups.length, d);
    for (const [i, { gradients }] of groups.entries()) {
      let at = 0;
      for (const gradient of gradients) {
        this.#shared.write(i, at, gradient.dataSync<'float32'>());
        at += gradient.size;
      }
    }
    const options = { sizes, zeroGroups };
    const aggregation = await this.#engine.aggregateShared(this.#shared, aggregator, options);
    return { ...aggregation, gradients: this.#combination(variables, aggregation.weights) };
  }

  /** The combination, in tensors shaped like the variables. */
  #combination(variables: readonly tf.Tensor[], weights: Float64Array): tf.Tensor[] | null {
    if (weights.every((weight) => weight === 0)) return null;
    let at = 0;
    return variables.map(({ shape, size }) => {
      at += size;
      return tf.tensor(this.#shared.combination(at - size, size), shape);
    });
  }

  /** The gradients stay on the GPU: k² numbers come down. They are sums in the GPU's float32. */
  async #onDevice(groups: readonly GroupGradient[], sizes: ArrayLike<number>) {
    const { aggregator, zeroGroups } = this.#options;
    const gram = Float64Array.from(await gramOnDevice(groups));
    const aggregation = await this.#engine.aggregate({ gram, sizes, zeroGroups }, aggregator);
    return { ...aggregation, gram, gradients: combine(groups, aggregation.weights) };
  }
}

async function readLosses(groups: readonly GroupGradient[]): Promise<Float32Array> {
  const losses = tf.stack(groups.map((group) => group.loss));
  const values = await losses.data<'float32'>();
  losses.dispose();
  return values;
}

async function gramOnDevice(groups: readonly GroupGradient[]): Promise<Float32Array> {
  const gram = tf.tidy(() => {
    const rows = tf.stack(groups.map((group) => tf.concat(group.gradients.map(flat))));
    return tf.matMul(rows as tf.Tensor2D, rows as tf.Tensor2D, false, true);
  });
  const values = await gram.data<'float32'>();
  gram.dispose();
  return values;
}

function flat(tensor: tf.Tensor): tf.Tensor1D {
  return tf.reshape(tensor, [-1]);
}

/**
 * ((w₀g₀ + w₁g₁) + w₂g₂) + …, each product and sum rounded to float32: bit for bit what gradient accumulation over the groups
 * computes, where the weights are those of the mean. A weight of 0 leaves its group out, even one that is not finite. What the
 * engine does with gradients in shared memory, for those on a GPU.
 */
function combine(
  groups: readonly GroupGradient[],
  weights: Float64Array,
): readonly tf.Tensor[] | null {
  const taken = groups.filter((_, i) => weights[i] !== 0);
  const shares = weights.filter((weight) => weight !== 0);
  if (taken.length === 0) return null;
  return tf.tidy(() =>
    taken[0]!.gradients.map((_, variable) =>
      taken
        .map((group, i) => tf.mul(group.gradients[variable]!, shares[i]!))
        .reduce((sum, term) => tf.add(sum, term)),
    ),
  );
}
