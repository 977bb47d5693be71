import * as tf from '@tensorflow/tfjs-core';
import type { Device } from '../../backends/device.ts';
import type { MeasuredVector } from '../../engine/types.ts';
import type { AggregatedStep } from '../aggregation/aggregatedStep.ts';
import { measure, type ParameterVector } from '../aggregation/products.ts';
import type { Change } from './guardedChange.ts';

/**
 * The change Δ = θ before − θ now of the parameters since this was made, against the gradients of a step, which must be in memory:
 * the actual step, with momentum, preconditioner and weight decay.
 *
 * It is a difference of stored values, which is exact if θ changes by less than a factor of 2 (Sterbenz).
 */
export class ParameterChange implements Change {
  readonly #device: Device;
  readonly #step: AggregatedStep;
  readonly #variables: readonly tf.Variable[];
  readonly #before: ParameterVector;

  constructor(device: Device, step: AggregatedStep, variables: readonly tf.Variable[]) {
    this.#device = device;
    this.#step = step;
    this.#variables = variables;
    this.#before = tf.tidy(() => variables.map((variable) => tf.clone(variable)));
  }

  measure(): Promise<MeasuredVector> {
    return this.#with(this.#step.measure!);
  }

  async norm2InMetric(measured: MeasuredVector): Promise<number> {
    if (!this.#step.metricRoot) return measured.norm2;
    return this.#with((change) => this.#norm2(change));
  }

  async rounding(): Promise<number> {
    return 2 ** -24 * Math.sqrt(await this.#norm2(this.#variables));
  }

  async add(multipliers: Float64Array): Promise<void> {
    const { combine, metricRoot } = this.#step;
    const sum = combine!(multipliers);
    tf.tidy(() => {
      for (const [v, variable] of this.#variables.entries()) {
        const scaled = metricRoot ? tf.mul(sum[v]!, tf.square(metricRoot[v]!)) : sum[v]!;
        variable.assign(tf.sub(variable, scaled));
      }
    });
    tf.dispose([...sum]);
  }

  dispose(): void {
    tf.dispose([...this.#before]);
  }

  #with<T>(work: (change: ParameterVector) => Promise<T>): Promise<T> {
    const change = tf.tidy(() =>
      this.#variables.map((variable, v) => tf.sub(this.#before[v]!, variable)),
    );
    return work(change).finally(() => tf.dispose(change));
  }

  async #norm2(vector: ParameterVector): Promise<number> {
    const { metricRoot } = this.#step;
    if (!metricRoot) return (await measure(this.#device, vector, [])).norm2;
    const scaled = tf.tidy(() => vector.map((part, v) => tf.div(part, metricRoot[v]!)));
    return measure(this.#device, scaled, [])
      .then(({ norm2 }) => norm2)
      .finally(() => tf.dispose(scaled));
  }
}
