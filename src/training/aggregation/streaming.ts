import * as tf from '@tensorflow/tfjs-core';
import type { Device } from '../../backends/device.ts';
import { StreamingMinNorm } from '../../engine/aggregators/grainStreaming.ts';
import type { Warning, ZeroGroupPolicy } from '../../engine/types.ts';
import { isStoppedBy, warningsOfGroups } from '../../engine/unusableGroups.ts';
import type { SeparateSource } from '../../nn/module/gradientSource.ts';
import type { ArrivalFacts } from '../../runs/events.ts';
import { measure } from './products.ts';

interface Streamed {
  readonly losses: Float32Array;
  readonly arrivals: readonly ArrivalFacts[];
  /** Weights of d, length k. */
  readonly weights: Float64Array;
  /** d, one tensor per variable; null if every group was left out or the step is skipped. */
  readonly gradients: readonly tf.Tensor[] | null;
  readonly warnings: readonly Warning[];
}

/**
 * `grain-streaming`: adds gradients to d one after another, so that only d and one gradient are in memory. A gradient that is not
 * finite is left out; for one that is zero the policy decides: left out, step skipped, or error.
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
  const losses: number[] = [];
  let isStopped = false;
  try {
    for await (const { loss, gradients } of groups) {
      try {
        losses.push((await loss.data())[0]!);
        await running.add(gradients);
      } finally {
        tf.dispose([loss, ...gradients]);
      }
      isStopped = isStoppedBy(running, zeroGroups);
    }
  } catch (error) {
    running.dispose();
    throw error;
  }
  if (isStopped) running.dispose();
  return {
    losses: Float32Array.from(losses),
    arrivals: running.arrivals,
    weights: isStopped ? new Float64Array(losses.length) : running.weights,
    gradients: running.direction,
    warnings: [...warningsOfGroups(running, zeroGroups)],
  };
}

/** d, while gradients are added to it. */
class RunningDirection {
  readonly arrivals: ArrivalFacts[] = [];
  /** Groups by kind of gradient. */
  readonly present: number[] = [];
  readonly zero: number[] = [];
  readonly nonFinite: number[] = [];
  direction: tf.Tensor[] | null = null;
  readonly #device: Device;
  readonly #stream = new StreamingMinNorm();
  #norm2 = 0;

  constructor(device: Device) {
    this.#device = device;
  }

  /** Weights of all groups so far; 0 for those that were left out. */
  get weights(): Float64Array {
    const weights = new Float64Array(this.arrivals.length);
    for (const [at, i] of this.present.entries()) weights[i] = this.#stream.weights[at]!;
    return weights;
  }

  async add(gradients: readonly tf.Tensor[]): Promise<void> {
    const i = this.arrivals.length;
    const against = this.direction ? [this.direction] : [];
    const { norm2, inner } = await measure(this.#device, gradients, against);
    const dg = inner[0] ?? 0;
    const kind = Number.isFinite(norm2) ? (norm2 > 0 ? this.present : this.zero) : this.nonFinite;
    kind.push(i);
    if (kind === this.present) {
      const t = this.#stream.arrive({ dd: this.#norm2, dg, gg: norm2 });
      this.#moveTo(gradients, t);
      this.#norm2 = (await measure(this.#device, this.direction!, [])).norm2;
    }
    this.arrivals.push({ inner: dg, norm2, weights: [], direction2: this.#norm2 });
    this.arrivals[i] = { ...this.arrivals[i]!, weights: Array.from(this.weights) };
  }

  dispose(): void {
    tf.dispose(this.direction ?? []);
    this.direction = null;
  }

  /** d ← (1−t)d + tg, variable by variable, so that only one variable's d is in memory twice. */
  #moveTo(gradients: readonly tf.Tensor[], t: number): void {
    this.direction ??= tf.tidy(() => gradients.map((gradient) => tf.zerosLike(gradient)));
    for (const [v, gradient] of gradients.entries()) {
      const before = this.direction[v]!;
      this.direction[v] = tf.tidy(() => tf.add(tf.mul(before, 1 - t), tf.mul(gradient, t)));
      before.dispose();
    }
  }
}
