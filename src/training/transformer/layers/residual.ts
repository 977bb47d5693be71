import type { Layer } from '../pass.ts';

/** x + layer(x) (He et al., arXiv 1512.03385). */
export function residual(layer: Layer): Layer {
  return (x, pass) => {
    const { add } = pass.operations;
    const changed = layer(x, pass);
    return {
      y: add(x, changed.y),
      back(dy, needsInput) {
        const through = changed.back(dy, needsInput);
        return through && add(dy, through);
      },
    };
  };
}
