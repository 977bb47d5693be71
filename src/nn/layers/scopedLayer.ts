import * as tf from '@tensorflow/tfjs-core';
import type { Matrix } from '../../backends/operations/operations.ts';
import type { Layer, LayerResult } from '../module/pass.ts';
import type { TensorScope } from '../module/tensorScope.ts';

/**
 * A layer as a unit of memory: all that it and the layers in it made is held until its way back has been gone, and then let go;
 * where there will be no way back nothing is held but its output, which is the caller's then. Its
 * input, and dy, belong to the caller.
 *
 * @param recompute hold the output alone, and go through the layer a second time before the way back (gradient checkpointing;
 * Chen et al., arXiv 1604.06174)
 */
export function scopedLayer<X>(layer: Layer<X>, recompute: boolean): Layer<X> {
  return (x, pass) => {
    const { scope: kept } = pass;
    const outputOf = () => kept.tidy(() => layer(x, pass).y);
    if (!pass.sink) return { y: outputOf(), backward: noBackward };
    if (recompute) {
      const y = outputOf();
      return {
        y,
        backward(dy, needsInputGradient) {
          const again = hold(kept, () => layer(x, pass));
          return backwardOf(
            kept,
            { ...again, tensors: [y, ...again.tensors] },
            dy,
            needsInputGradient,
          );
        },
      };
    }
    const held = hold(kept, () => layer(x, pass));
    return {
      y: held.forward.y,
      backward: (dy, needsInputGradient) => backwardOf(kept, held, dy, needsInputGradient),
    };
  };
}

interface HeldResult {
  readonly forward: LayerResult;
  readonly tensors: readonly tf.Tensor[];
}

/** Keeps all tensors that are made, and are still there, from being disposed of with their scope. */
function hold(kept: TensorScope, run: () => LayerResult): HeldResult {
  const engine = tf.engine();
  engine.startScope('block');
  try {
    const forward = run();
    const tensors = [...engine.state.activeScope.track];
    for (const tensor of tensors) kept.add(tensor);
    return { forward, tensors };
  } finally {
    engine.endScope();
  }
}

function backwardOf(
  kept: TensorScope,
  { forward, tensors }: HeldResult,
  ...args: Parameters<LayerResult['backward']>
): Matrix | null {
  const [dx] = kept.tidy((): Matrix[] => {
    const gradient = forward.backward(...args);
    return gradient ? [gradient] : [];
  });
  tf.dispose([...tensors]);
  return dx ?? null;
}

function noBackward(): never {
  throw new Error('this pass went without a sink: there is no way back');
}
