// Registers the gradients of tfjs-core's kernels.
import '@tensorflow/tfjs-layers';
import * as tf from '@tensorflow/tfjs-core';
import type { GroupGradient } from '../module/gradientSource.ts';
import type { Loss } from '../module/loss.ts';
import type { TrainableNetwork } from './build.ts';

/** Gradient of the mean loss over the examples (x [n, …input], y [n]). */
export function groupGradient(
  model: TrainableNetwork,
  loss: Loss,
  x: tf.Tensor,
  y: tf.Tensor1D,
): GroupGradient {
  try {
    return tf.tidy(() => {
      const { value, grads } = tf.variableGrads(
        () => loss(model.apply(x), y),
        model.trainable as tf.Variable[],
      );
      return { loss: value, gradients: model.trainable.map((variable) => grads[variable.name]!) };
    });
  } catch (error) {
    dropTape();
    throw error;
  }
}

/** What tfjs keeps for a way back, it lets go at its end alone. */
function dropTape(): void {
  const { state } = tf.engine();
  for (const { saved = [] } of state.activeTape ?? []) tf.dispose(saved);
  state.activeTape = [];
}
