import * as tf from '@tensorflow/tfjs-core';
import type { Matrix } from '../../backends/operations/operations.ts';
import type { Layer, LayerResult } from '../module/pass.ts';
import type { TensorScope } from '../module/tensorScope.ts';

/**
 * A layer that owns its tensors: all that it and the layers within it save is disposed of after its backward pass. In a pass
 * without a sink only its output is kept, and the caller owns it. The caller owns its input and dy.
 *
 * @param recompute save only the output, and repeat the forward pass before the backward pass (gradient checkpointing; Chen et
 * al., arXiv 1604.06174)
 */
export function scopedLayer<X>(layer: Layer<X>, recompute: boolean): Layer<X> {
  return (x, pass) => {
    const { scope } = pass;
    const outputOf = () => scope.tidy(() => layer(x, pass).y);
    if (!pass.sink) return { y: outputOf(), backward: noBackward };
    if (recompute) {
      const y = outputOf();
      return {
        y,
        backward(dy, needsInputGradient) {
          const again = save(scope, () => layer(x, pass));
          return backwardOf(
            scope,
            { ...again, tensors: [y, ...again.tensors] },
            dy,
            needsInputGradient,
          );
        },
      };
    }
    const saved = save(scope, () => layer(x, pass));
    return {
      y: saved.forward.y,
      backward: (dy, needsInputGradient) => backwardOf(scope, saved, dy, needsInputGradient),
    };
  };
}

interface SavedResult {
  readonly forward: LayerResult;
  readonly tensors: readonly tf.Tensor[];
}

/** Runs a forward pass and saves all tensors that it leaves. */
function save(scope: TensorScope, run: () => LayerResult): SavedResult {
  const engine = tf.engine();
  engine.startScope('block');
  try {
    const forward = run();
    const tensors = [...engine.state.activeScope.track];
    for (const tensor of tensors) scope.add(tensor);
    return { forward, tensors };
  } finally {
    engine.endScope();
  }
}

function backwardOf(
  scope: TensorScope,
  { forward, tensors }: SavedResult,
  ...args: Parameters<LayerResult['backward']>
): Matrix | null {
  const [dx] = scope.tidy((): Matrix[] => {
    const gradient = forward.backward(...args);
    return gradient ? [gradient] : [];
  });
  tf.dispose([...tensors]);
  return dx ?? null;
}

function noBackward(): never {
  throw new Error('this pass has no sink, so it has no backward pass');
}
