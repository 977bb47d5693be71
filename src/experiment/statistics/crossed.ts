/** How much of the variance over seeds comes from the initialization and how much from the order of the examples, where crossed. */
import { uniformFloat64 } from 'pure-rand/distribution/uniformFloat64';
import { gaussian } from '../../engine/gaussian.ts';
import { keyedRandom } from '../../engine/keyedRandom.ts';
import { ALPHA, type Interval } from './interval.ts';
import { quantile } from './summary.ts';

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

export interface Components {
  readonly init: Component;
  readonly order: Component;
  /** What both decide together, and everything that no seed decides. */
  readonly rest: Component;
}

/**
 * Random effects of two crossed factors, one value a cell: yᵢⱼ = μ + aᵢ + bⱼ + eᵢⱼ. From the mean squares of rows, columns and rest
 * follow σ²ₐ = (MSₐ − MSₑ)/J, σ²_b = (MS_b − MSₑ)/I, σ²ₑ = MSₑ (Searle, Casella & McCulloch 1992, chapter 4).
 *
 * Intervals are generalized ones (Weerahandi 1993): each sum of squares over a χ² variable of its degrees of freedom stands for an
 * expected mean square, and the interval is that of the components which follow, over 4,000 seeded samples.
 * @param values a row for each initialization, a column for each order; finite, at least 2 × 2
 */
export function crossedComponents(values: readonly (readonly number[])[]): Components {
  const squares = sumsOfSquares(values);
  const [rows, columns] = [values.length, values[0]!.length];
  const df = { init: rows - 1, order: columns - 1, rest: (rows - 1) * (columns - 1) };
  const estimate = componentsOf(
    squares.init / df.init,
    squares.order / df.order,
    squares.rest / df.rest,
    [rows, columns],
  );
  const random = keyedRandom('variance components', rows, columns);
  const normal = gaussian(() => uniformFloat64(random));
  const sampled = Array.from({ length: SAMPLES }, () =>
    componentsOf(
      squares.init / chiSquare(df.init, normal),
      squares.order / chiSquare(df.order, normal),
      squares.rest / chiSquare(df.rest, normal),
      [rows, columns],
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
  return { init: componentOf(0), order: componentOf(1), rest: componentOf(2) };
}

/**
 * The table of the largest set of initializations and orders of which every pair has a value: the row or column with most gaps is
 * left out until there are none.
 * @returns `null` if less than 2 × 2 is left
 */
export function fullTable(
  cells: readonly { readonly init: number; readonly order: number; readonly value: number }[],
): { readonly inits: number[]; readonly orders: number[]; readonly values: number[][] } | null {
  const known = new Map(cells.map(({ init, order, value }) => [`${init} ${order}`, value]));
  let inits = [...new Set(cells.map(({ init }) => init))].sort((a, b) => a - b);
  let orders = [...new Set(cells.map(({ order }) => order))].sort((a, b) => a - b);
  while (inits.length >= 2 && orders.length >= 2) {
    const gaps = (of: readonly string[]) => of.filter((key) => !known.has(key)).length / of.length;
    const rows = inits.map((init) => gaps(orders.map((order) => `${init} ${order}`)));
    const columns = orders.map((order) => gaps(inits.map((init) => `${init} ${order}`)));
    const [worstRow, worstColumn] = [Math.max(...rows), Math.max(...columns)];
    if (worstRow === 0) {
      return {
        inits,
        orders,
        values: inits.map((init) => orders.map((order) => known.get(`${init} ${order}`)!)),
      };
    }
    if (worstRow >= worstColumn) inits = inits.toSpliced(rows.lastIndexOf(worstRow), 1);
    else orders = orders.toSpliced(columns.lastIndexOf(worstColumn), 1);
  }
  return null;
}

function sumsOfSquares(values: readonly (readonly number[])[]) {
  const [rows, columns] = [values.length, values[0]!.length];
  const mean = (some: readonly number[]) => some.reduce((a, b) => a + b, 0) / some.length;
  const ofRows = values.map(mean);
  const ofColumns = values[0]!.map((_, j) => mean(values.map((row) => row[j]!)));
  const grand = mean(ofRows);
  const squared = (some: readonly number[]) =>
    some.reduce((sum, value) => sum + (value - grand) ** 2, 0);
  let rest = 0;
  for (const [i, row] of values.entries()) {
    for (const [j, value] of row.entries()) {
      rest += (value - ofRows[i]! - ofColumns[j]! + grand) ** 2;
    }
  }
  return { init: columns * squared(ofRows), order: rows * squared(ofColumns), rest };
}

function componentsOf(
  init: number,
  order: number,
  rest: number,
  [rows, columns]: readonly [number, number],
): [init: number, order: number, rest: number] {
  // Equal mean squares differ by rounding.
  const above = (square: number) => (square - rest > 1e-12 * rest ? square - rest : 0);
  return [above(init) / columns, above(order) / rows, rest];
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
  return { low: quantile(sorted, ALPHA / 2), high: quantile(sorted, 1 - ALPHA / 2) };
}
