import * as tf from '@tensorflow/tfjs-core';
import type { CausalNetwork } from '../../../../src/training/transformer/decoders/build.ts';
import { CausalModel } from '../../../../src/training/transformer/decoders/causalModel.ts';
import { dropoutOf } from '../../../../src/training/transformer/dropout.ts';
import type { Operations } from '../../../../src/training/transformer/operations.ts';
import type { Parameter, StackedGradient } from '../../../../src/training/transformer/parameter.ts';
import type { GradientSink, TokenBatch } from '../../../../src/training/transformer/pass.ts';

/** Holds the sum of what comes for each parameter, whole, to the end of the step. */
class Holding implements GradientSink {
  readonly #held = new Map<string, tf.Tensor>();

  add({ name, value }: Parameter, { stacked, rows }: StackedGradient): void {
    const before = this.#held.get(name);
    if (rows) {
      // Where the rows go makes no difference to the size.
      if (!before) this.#held.set(name, tf.zeros([stacked.shape[0]!, ...value.shape]));
      stacked.dispose();
      return;
    }
    this.#held.set(name, before ? tf.add(before, stacked) : stacked);
    if (before) tf.dispose([before, stacked]);
  }

  settle(): Promise<void> {
    return Promise.resolve();
  }

  dispose(): void {
    tf.dispose([...this.#held.values()]);
  }
}

/** A batch whose second halves are the answers. */
export function batchOf(batch: number, length: number, groups: number): TokenBatch {
  return {
    batch,
    length,
    ids: Int32Array.from({ length: batch * length }, (_, i) => (i * i) % 499),
    typeIds: new Int32Array(batch * length),
    lengths: new Int32Array(batch).fill(length),
    examples: Array.from({ length: groups + 1 }, (_, g) => Math.round((g * batch) / groups)),
  };
}

/** Most bytes of tensors that a step had after any of its operations, beside those that were there before. */
export async function peakOf(
  operations: Operations,
  network: CausalNetwork,
  tokens: TokenBatch,
): Promise<number> {
  const before = tf.memory().numBytes;
  let peak = 0;
  const watching = new Proxy(operations, {
    get(target, name: keyof Operations) {
      const operation = target[name] as (...args: unknown[]) => unknown;
      return (...args: unknown[]) => {
        const result = operation(...args);
        peak = Math.max(peak, tf.memory().numBytes);
        return result;
      };
    },
  });
  const { batch, length } = tokens;
  const sink = new Holding();
  const starts = new Int32Array(batch).fill(length / 2);
  const model = new CausalModel(watching, network, length);
  await model.gradients(tokens, starts, dropoutOf(1, 1, 0), sink);
  sink.dispose();
  return peak - before;
}
