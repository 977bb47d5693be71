import type { Matrix } from '../../backends/operations/operations.ts';
import type { Layer } from '../module/pass.ts';

/** One layer after the other. Activations that no backward pass needs are disposed of at once. */
export function sequence<X>(first: Layer<X>, ...others: readonly Layer[]): Layer<X> {
  return (x, pass) => {
    const lowest = first(x, pass);
    const backwardSteps = [lowest.backward];
    let { y } = lowest;
    for (const layer of others) {
      const next = layer(y, pass);
      if (next.savesInput === false) y.dispose();
      backwardSteps.push(next.backward);
      y = next.y;
    }
    return {
      y,
      savesInput: lowest.savesInput,
      backward(dy, needsInputGradient = true) {
        let gradient: Matrix | null = dy;
        for (let i = backwardSteps.length - 1; i >= 0; i--) {
          const below: Matrix | null = backwardSteps[i]!(gradient!, i > 0 || needsInputGradient);
          if (gradient !== dy) gradient!.dispose();
          gradient = below;
        }
        return gradient;
      },
    };
  };
}

/** x + layer(x) (He et al., arXiv 1512.03385). */
export function residual(layer: Layer): Layer {
  return (x, pass) => {
    const { add } = pass.operations;
    const changed = layer(x, pass);
    const y = add(x, changed.y);
    changed.y.dispose();
    return {
      y,
      savesInput: changed.savesInput,
      backward(dy, needsInputGradient) {
        const through = changed.backward(dy, needsInputGradient);
        if (!through) return null;
        const dx = add(dy, through);
        through.dispose();
        return dx;
      },
    };
  };
}
