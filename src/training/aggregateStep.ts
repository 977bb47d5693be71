import type * as tf from '@tensorflow/tfjs-core';
import type { EngineClient } from '../engine/client.ts';
import type { Aggregation, AggregatorName, ZeroGroupPolicy } from '../engine/types.ts';
import type { Device } from './devices/device.ts';
import type { GroupGradient } from './gradients.ts';

export interface AggregatedStep extends Aggregation {
  /** Mean loss per group. */
  readonly losses: Float64Array;
  /** H = GGᵀ, k×k row-major, float64. */
  readonly gram: Float64Array;
  /** Σ wᵢgᵢ, one tensor per trained variable, for the optimizer; the caller disposes of them. Null: skip the step. */
  readonly gradients: readonly tf.Tensor[] | null;
}

/** Turns the k groups' gradients of each step into the one gradient that the optimizer sees. */
export class StepAggregator {
  readonly #engine: EngineClient;
  constructor(
    engine: EngineClient,
    _device: Device,
    _options: { readonly aggregator: AggregatorName; readonly zeroGroups: ZeroGroupPolicy },
  ) {
    this.#engine = engine;
  }

  /** Takes over the groups' tensors and disposes of them. `sizes`: examples per group. */
  async aggregate(
    _groups: readonly GroupGradient[],
    _sizes: ArrayLike<number>,
  ): Promise<AggregatedStep> {
    throw new Error(`not written yet ${this.#engine}`);
  }
}
