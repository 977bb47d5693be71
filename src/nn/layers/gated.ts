import * as tf from '@tensorflow/tfjs-core';
import type { Layer } from '../module/pass.ts';

/** down(silu(gate(x))·up(x)): the feed-forward layer of Llama (SwiGLU; Shazeer, arXiv 2002.05202). */
export function gatedFeedForward(gate: Layer, up: Layer, down: Layer): Layer {
  return (x, pass) => {
    const { operations } = pass;
    const gating = gate(x, pass);
    const upward = up(x, pass);
    const inner = operations.gated(gating.y, upward.y);
    const downward = down(inner, pass);
    if (downward.keepsInput === false) inner.dispose();
    return {
      y: downward.y,
      keepsInput: (gating.keepsInput ?? true) || (upward.keepsInput ?? true),
      back(dy, needsInput = true) {
        const slope = downward.back(dy)!;
        const slopes = operations.gatedInputs(gating.y, upward.y, slope);
        slope.dispose();
        const throughGate = gating.back(slopes.gate, needsInput);
        const throughUp = upward.back(slopes.up, needsInput);
        tf.dispose([slopes.gate, slopes.up]);
        return throughGate && throughUp && operations.add(throughGate, throughUp);
      },
    };
  };
}
