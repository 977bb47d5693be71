import * as tf from '@tensorflow/tfjs-core';
import type { Device } from '../../backends/device.ts';
import type { ZeroGroupPolicy } from '../../engine/types.ts';
import type { SeparateSource } from '../../nn/module/gradientSource.ts';
import { type Arrival, type CombinedArrivals, combineArrivals } from './arrivals.ts';
import { measure } from './products.ts';

interface Streamed extends CombinedArrivals {
  /** d, one tensor per variable; null if every group was left out or the step is skipped. */
  readonly gradients: readonly tf.Tensor[] | null;
}

/**
 * `grain-streaming` on tensors: only d and one gradient are in memory.
 *
 * @param groups disposed of one by one, before the next is requested
 * @throws ZeroGroupError under the policy `error`
 */
export async function stream(
  device: Device,
  groups: SeparateSource['groups'],
  zeroGroups: ZeroGroupPolicy,
): Promise<Streamed> {
  const running = new RunningDirection(device);
  try {
    const source = { arrivals: running.meet(groups), move: (t: number) => running.move(t) };
    const combined = await combineArrivals(source, zeroGroups);
    if (combined.weights.every((weight) => weight === 0)) running.dispose();
    return { ...combined, gradients: running.direction };
  } catch (error) {
    running.dispose();
    throw error;
  }
}

/** d, and the gradient that has arrived. */
class RunningDirection {
  direction: tf.Tensor[] | null = null;
  readonly #device: Device;
  #arrived: readonly tf.Tensor[] = [];

  constructor(device: Device) {
    this.#device = device;
  }

  async *meet(groups: SeparateSource['groups']): AsyncGenerator<Arrival> {
    for await (const { loss, gradients } of groups) {
      this.#arrived = gradients;
      try {
        const against = this.direction ? [this.direction] : [];
        const { norm2, inner } = await measure(this.#device, gradients, against);
        yield { loss: (await loss.data())[0]!, norm2, inner: inner[0] ?? 0 };
      } finally {
        tf.dispose([loss, ...gradients]);
      }
    }
  }

  /** Variable by variable, so that only one variable's d is in memory twice. */
  async move(t: number): Promise<number> {
    this.direction ??= tf.tidy(() => this.#arrived.map((gradient) => tf.zerosLike(gradient)));
    for (const [v, gradient] of this.#arrived.entries()) {
      const before = this.direction[v]!;
      this.direction[v] = tf.tidy(() => tf.add(tf.mul(before, 1 - t), tf.mul(gradient, t)));
      before.dispose();
    }
    return (await measure(this.#device, this.direction, [])).norm2;
  }

  dispose(): void {
    tf.dispose(this.direction ?? []);
    this.direction = null;
  }
}
