import type { Matrix } from '../../backends/operations/operations.ts';
import type { Layer } from '../module/pass.ts';

/** One layer after the other. What lies between two is let go where the way back does not need it. */
export function sequence<X>(first: Layer<X>, ...others: readonly Layer[]): Layer<X> {
  return (x, pass) => {
    const begun = first(x, pass);
    const backs = [begun.back];
    let { y } = begun;
    for (const layer of others) {
      const next = layer(y, pass);
      if (next.keepsInput === false) y.dispose();
      backs.push(next.back);
      y = next.y;
    }
    return {
      y,
      keepsInput: begun.keepsInput,
      back(dy, needsInput = true) {
        let slope: Matrix | null = dy;
        for (let i = backs.length - 1; i >= 0; i--) {
          const below: Matrix | null = backs[i]!(slope!, i > 0 || needsInput);
          if (slope !== dy) slope!.dispose();
          slope = below;
        }
        return slope;
      },
    };
  };
}
