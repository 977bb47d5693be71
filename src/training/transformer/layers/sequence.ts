import type { Layer } from '../pass.ts';

/** One layer after the other. */
export function sequence<X>(first: Layer<X>, ...others: readonly Layer[]): Layer<X> {
  return (x, pass) => {
    const begun = first(x, pass);
    const backs = [begun.back];
    let { y } = begun;
    for (const layer of others) {
      const next = layer(y, pass);
      backs.unshift(next.back);
      y = next.y;
    }
    return {
      y,
      back: (dy, needsInput) =>
        backs.reduce<ReturnType<typeof begun.back>>(
          (slope, back, i) => back(slope!, i < others.length || needsInput),
          dy,
        ),
    };
  };
}
