import { summarise } from './summary.ts';

export interface Point {
  readonly step: number;
  readonly value: number;
}

/** Several seeds at one step. */
export interface Band {
  readonly step: number;
  readonly mean: number;
  /** Sample standard deviation (n − 1); `null` for fewer than two seeds. */
  readonly std: number | null;
  readonly n: number;
}

/**
 * Mean and spread of curves, a curve per seed, at each step that any of them has reached, over those that have.
 * @param curves steps ascending
 */
export function bandOf(curves: readonly (readonly Point[])[]): Band[] {
  const values = new Map<number, number[]>();
  for (const { step, value } of curves.flat()) {
    const others = values.get(step);
    if (others) others.push(value);
    else values.set(step, [value]);
  }
  return [...values]
    .sort(([one], [other]) => one - other)
    .map(([step, reached]) => {
      const { mean, std, n } = summarise(reached);
      return { step, mean, std, n };
    });
}
