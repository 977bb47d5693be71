/** How much of the variance over seeds comes from each of several sources, where their seeds are crossed. */
import { uniformFloat64 } from 'pure-rand/distribution/uniformFloat64';
import { gaussian } from '../../engine/gaussian.ts';
import { keyedRandom } from '../../engine/keyedRandom.ts';
import type { Interval } from './interval.ts';
import { middleInterval } from './summary.ts';

const SAMPLES = 4000;

/** A source of variance. */
export interface Component {
  /** An estimate of its variance, 0 where the estimator is negative. */
  readonly variance: number;
  readonly interval: Interval;
  /** Of the sum of all components; `null` if nothing varies. */
  readonly share: number | null;
  readonly shareInterval: Interval | null;
}

/** One value, with the level of each factor. */
export interface Cell {
  readonly levels: readonly number[];
  readonly value: number;
}

/** A value for each combination of the levels of two factors or more. */
export interface Crossing {
  /** Of each factor, ascending, at least two. */
  readonly levels: readonly (readonly number[])[];
  readonly cells: readonly Cell[];
}

interface Components {
  /** In the order of the factors. */
  readonly sources: readonly Component[];
  /** What they decide together, and everything that none of them decides. */
  readonly rest: Component;
}

/**
 * Random effects of crossed factors, one value a cell: y = μ + a + b + … + e. A factor of L levels, each with n cells, has
 * σ² = (MS − MSₑ)/n by its mean square and that of the rest, σ²ₑ = MSₑ (Searle, Casella & McCulloch 1992, chapter 4).
 *
 * Intervals are generalized ones (Weerahandi 1993): each sum of squares over a χ² variable of its degrees of freedom stands for an
 * expected mean square, and the interval is that of the components which follow, over 4,000 seeded samples.
 */
export function crossedComponents(crossing: Crossing): Components {
  const { squares, rest, counts } = sumsOfSquares(crossing);
  const sizes = crossing.levels.map(({ length }) => length);
  const df = sizes.map((size) => size - 1);
  const restDf = crossing.cells.length - 1 - df.reduce((sum, own) => sum + own, 0);
  const estimate = componentsOf(
    squares.map((sum, f) => sum / df[f]!),
    rest / restDf,
    counts,
  );
  const random = keyedRandom('variance components', ...sizes);
  const normal = gaussian(() => uniformFloat64(random));
  const sampled = Array.from({ length: SAMPLES }, () =>
    componentsOf(
      squares.map((sum, f) => sum / chiSquare(df[f]!, normal)),
      rest / chiSquare(restDf, normal),
      counts,
    ),
  );
  const componentOf = (at: number): Component => ({
    variance: estimate[at]!,
    interval: intervalOf(sampled.map((each) => each[at]!)),
    share: shareOf(estimate, at),
    shareInterval:
      shareOf(estimate, at) === null
        ? null
        : intervalOf(sampled.map((each) => shareOf(each, at) ?? 0)),
  });
  return { sources: squares.map((_, f) => componentOf(f)), rest: componentOf(squares.length) };
}

/**
 * The largest crossing without gaps that leaving out levels gives: the level with most gaps goes until there are none.
 * @param cells at least one, of as many levels each, at least two; no two alike
 * @returns `null` if less than two levels of a factor are left
 */
export function fullCrossing(cells: readonly Cell[]): Crossing | null {
  let left = cells;
  for (;;) {
    const levels = cells[0]!.levels.map((_, f) =>
      [...new Set(left.map((cell) => cell.levels[f]!))].sort((a, b) => a - b),
    );
    if (levels.some(({ length }) => length < 2)) return null;
    const all = levels.reduce((product, { length }) => product * length, 1);
    if (left.length === all) return { levels, cells: left };
    // Of levels with as many gaps, of the first factor the last one.
    let worst = { gaps: 0, factor: 0, level: 0 };
    for (const [factor, own] of levels.entries()) {
      for (const level of own) {
        const found = left.filter((cell) => cell.levels[factor] === level).length;
        const gaps = 1 - (found * own.length) / all;
        const isWorse = gaps > worst.gaps || (gaps === worst.gaps && factor === worst.factor);
        if (isWorse) worst = { gaps, factor, level };
      }
    }
    left = left.filter((cell) => cell.levels[worst.factor] !== worst.level);
  }
}

function sumsOfSquares({ levels, cells }: Crossing) {
  const mean = (some: readonly Cell[]) =>
    some.reduce((sum, { value }) => sum + value, 0) / some.length;
  const grand = mean(cells);
  const effects = levels.map(
    (own, f) =>
      new Map(
        own.map((level) => [level, mean(cells.filter((it) => it.levels[f] === level)) - grand]),
      ),
  );
  const counts = levels.map(({ length }) => cells.length / length);
  const squares = effects.map(
    (own, f) => counts[f]! * [...own.values()].reduce((sum, effect) => sum + effect ** 2, 0),
  );
  const rest = cells.reduce((sum, cell) => {
    const expected = effects.reduce((all, own, f) => all + own.get(cell.levels[f]!)!, grand);
    return sum + (cell.value - expected) ** 2;
  }, 0);
  return { squares, rest, counts };
}

/** Of each factor, then of the rest. */
function componentsOf(
  squares: readonly number[],
  rest: number,
  counts: readonly number[],
): readonly number[] {
  // Equal mean squares differ by rounding.
  const above = (square: number) => (square - rest > 1e-12 * rest ? square - rest : 0);
  return [...squares.map((square, f) => above(square) / counts[f]!), rest];
}

function shareOf(components: readonly number[], at: number): number | null {
  const total = components.reduce((a, b) => a + b, 0);
  return total > 0 ? components[at]! / total : null;
}

function chiSquare(df: number, normal: () => number): number {
  let sum = 0;
  for (let i = 0; i < df; i++) sum += normal() ** 2;
  return sum;
}

function intervalOf(values: readonly number[]): Interval {
  const sorted = values.toSorted((a, b) => a - b);
  return middleInterval(sorted);
}
