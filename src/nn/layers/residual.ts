import type { Layer } from '../module/pass.ts';

/** x + layer(x) (He et al., arXiv 1512.03385). */
export function residual(layer: Layer): Layer {
  return (x, pass) => {
    const { add } = pass.operations;
    const changed = layer(x, pass);
    const y = add(x, changed.y);
    changed.y.dispose();
    return {
      y,
      keepsInput: changed.keepsInput,
      back(dy, needsInput) {
        const through = changed.back(dy, needsInput);
        if (!through) return null;
        const dx = add(dy, through);
        through.dispose();
        return dx;
      },
    };
  };
}
