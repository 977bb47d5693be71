import type { Layer } from '../pass.ts';

/** down(silu(gate(x))·up(x)): the feed-forward layer of Llama (SwiGLU; Shazeer, arXiv 2002.05202). */
export function gatedFeedForward(gate: Layer, up: Layer, down: Layer): Layer {
  return (x, pass) => {
    const { operations } = pass;
    const gated = gate(x, pass);
    const upward = up(x, pass);
    const out = down(operations.gated(gated.y, upward.y), pass);
    return {
      y: out.y,
      back(dy, needsInput = true) {
        const slope = out.back(dy)!;
        const slopes = operations.gatedInputs(gated.y, upward.y, slope);
        const throughGate = gated.back(slopes.gate, needsInput);
        const throughUp = upward.back(slopes.up, needsInput);
        return throughGate && throughUp && operations.add(throughGate, throughUp);
      },
    };
  };
}
