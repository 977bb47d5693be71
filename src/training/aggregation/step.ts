import * as tf from '@tensorflow/tfjs-core';
import type { EngineClient } from '../engine/client.ts';
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
  /** Reused from step to step: k rows of d float32. */
  #shared = new SharedArrayBuffer(0);

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
      const aggregation = this.#device.hostMemory
        ? await this.#throughSharedMemory(groups, sizes)
        : await this.#onDevice(groups, sizes);
      return { ...aggregation, losses, gradients: combine(groups, aggregation.weights) };
    } finally {
      for (const { loss, gradients } of groups) tf.dispose([loss, ...gradients]);
    }
  }

  /** The engine's worker reads the gradients where they lie, and sums in float64. */
  async #throughSharedMemory(groups: readonly GroupGradient[], sizes: ArrayLike<number>) {
    const { aggregator, zeroGroups } = this.#options;
    const k = groups.length;
    const d = groups[0]!.gradients.reduce((size, gradient) => size + gradient.size, 0);
    const bytes = k * d * Float32Array.BYTES_PER_ELEMENT;
    if (this.#shared.byteLength < bytes) this.#shared = new SharedArrayBuffer(bytes);
    const rows = new Float32Array(this.#shared);
    let at = 0;
    for (const gradient of groups.flatMap((group) => group.gradients)) {
      rows.set(gradient.dataSync<'float32'>(), at);
      at += gradient.size;
    }
    return this.#engine.aggregateShared(this.#shared, k, d, aggregator, { sizes, zeroGroups });
  }

  /** The gradients stay on the GPU: k² numbers come down. They are sums in the GPU's float32. */
  async #onDevice(groups: readonly GroupGradient[], sizes: ArrayLike<number>) {
    const { aggregator, zeroGroups } = this.#options;
    const gram = Float64Array.from(await gramOnDevice(groups));
    const aggregation = await this.#engine.aggregate({ gram, sizes, zeroGroups }, aggregator);
    return { ...aggregation, gram };
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
 * computes, where the weights are those of the mean. A weight of 0 leaves its group out, even one that is not finite.
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
