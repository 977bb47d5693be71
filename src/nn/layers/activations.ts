import * as tf from '@tensorflow/tfjs-core';
import type { Activation } from '../../backends/operations/operations.ts';
import type { Layer } from '../module/pass.ts';

export function activation(kind: Activation): Layer {
  return (x, { operations }) => ({
    y: operations.activation(kind, x),
    backward: (dy, needsInputGradient = true) =>
      needsInputGradient ? operations.activationInput(kind, x, dy) : null,
  });
}

/** down(silu(gate(x))·up(x)): the feed-forward layer of Llama (SwiGLU; Shazeer, arXiv 2002.05202). */
export function gatedFeedForward(gate: Layer, up: Layer, down: Layer): Layer {
  return (x, pass) => {
    const { operations } = pass;
    const gating = gate(x, pass);
    const upward = up(x, pass);
    const inner = operations.gated(gating.y, upward.y);
    const downward = down(inner, pass);
    if (downward.savesInput === false) inner.dispose();
    return {
      y: downward.y,
      savesInput: (gating.savesInput ?? true) || (upward.savesInput ?? true),
      backward(dy, needsInputGradient = true) {
        const gradient = downward.backward(dy)!;
        const gradients = operations.gatedInputs(gating.y, upward.y, gradient);
        gradient.dispose();
        const throughGate = gating.backward(gradients.gate, needsInputGradient);
        const throughUp = upward.backward(gradients.up, needsInputGradient);
        tf.dispose([gradients.gate, gradients.up]);
        return throughGate && throughUp && operations.add(throughGate, throughUp);
      },
    };
  };
}
