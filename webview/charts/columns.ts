/** Columns of steps as the page keeps and draws them. Pure. */
import type { Column, Columns, SeriesName, Unit } from '../../src/extension/messages/columns.ts';

export const UNITS = ['step', 'epoch', 'examples', 'time'] as const satisfies readonly Unit[];

/** Columns from the first of the added ones on are replaced by those. */
export function merged(old: Columns, added: Columns): Columns {
  const start = added.first[0];
  if (start === undefined) return { ...old, lastStep: added.lastStep };
  const keep = lowerBound(old.first, start);
  const join = (a: Float64Array, b: Float64Array) => {
    const all = new Float64Array(keep + b.length);
    all.set(a.subarray(0, keep));
    all.set(b, keep);
    return all;
  };
  const none = new Float64Array(old.first.length);
  const absent = none.map(() => Number.NaN);
  return {
    ...added,
    first: join(old.first, added.first),
    last: join(old.last, added.last),
    examples: join(old.examples, added.examples),
    elapsed: join(old.elapsed, added.elapsed),
    series: mapSeries(added, (column, name) => {
      const before = old.series[name];
      return {
        min: join(before?.min ?? absent, column.min),
        max: join(before?.max ?? absent, column.max),
        mean: join(before?.mean ?? absent, column.mean),
        known: join(before?.known ?? none, column.known),
        nonFinite: join(before?.nonFinite ?? none, column.nonFinite),
      };
    }),
  };
}

/** Neighbours merged until there are at most `limit` columns. */
export function coarsened(columns: Columns, limit: number): Columns {
  const { first, last } = columns;
  let factor = 1;
  while (Math.ceil(first.length / factor) > limit) factor *= 2;
  if (factor === 1) return columns;
  const length = Math.ceil(first.length / factor);
  const over = (i: number) => ({ from: i * factor, to: Math.min(first.length, (i + 1) * factor) });
  const lastOf = (values: Float64Array) =>
    Float64Array.from({ length }, (_, i) => values[over(i).to - 1]!);
  return {
    ...columns,
    bucket: columns.bucket * factor,
    first: Float64Array.from({ length }, (_, i) => first[i * factor]!),
    last: lastOf(last),
    examples: lastOf(columns.examples),
    elapsed: lastOf(columns.elapsed),
    series: mapSeries(columns, (column) => {
      const each = (of: (from: number, to: number) => number) =>
        Float64Array.from({ length }, (_, i) => of(over(i).from, over(i).to));
      return {
        min: each((from, to) => extreme(column.min, from, to, Math.min)),
        max: each((from, to) => extreme(column.max, from, to, Math.max)),
        mean: each((from, to) => meanOf(column, from, to)),
        known: each((from, to) => sumOf(column.known, from, to)),
        nonFinite: each((from, to) => sumOf(column.nonFinite, from, to)),
      };
    }),
  };
}

/** Where columns would be whose steps are places on the axis itself. @param end the last place, as {@link positions} reads it */
export function ruler(end: number): Columns {
  const places = Float64Array.of(0, end);
  return {
    ...{ bucket: 1, lastStep: end, perEpoch: 1000, series: {} },
    ...{ first: places, last: places, examples: places, elapsed: places },
  };
}

/** Where the columns are drawn: at the last step of each. */
export function positions(columns: Columns, unit: Unit): Float64Array {
  const { last, examples, elapsed, perEpoch } = columns;
  switch (shownUnit(columns, unit)) {
    case 'step':
      return last;
    case 'epoch':
      return examples.map((count) => count / perEpoch!);
    case 'examples':
      return examples;
    case 'time': {
      const { milliseconds } = clockOf(elapsed);
      return elapsed.map((time) => time / milliseconds);
    }
  }
}

/** What the axis counts, in words. */
export function unitName(columns: Columns, unit: Unit): string {
  return unit === 'time'
    ? `${clockOf(columns.elapsed).name} of training`
    : shownUnit(columns, unit);
}

/** Steps in place of epochs, where their examples are not known. */
function shownUnit({ perEpoch }: Columns, unit: Unit): Unit {
  return unit === 'epoch' && perEpoch === null ? 'step' : unit;
}

/** In which times of training are written. */
function clockOf(elapsed: Float64Array): { name: string; milliseconds: number } {
  const longest = elapsed.at(-1) ?? 0;
  if (longest < 3 * 60_000) return { name: 'seconds', milliseconds: 1000 };
  return longest < 3 * 3_600_000
    ? { name: 'minutes', milliseconds: 60_000 }
    : { name: 'hours', milliseconds: 3_600_000 };
}

/** The position of any step, in proportion between the columns around it. */
export function positionOf(step: number, columns: Columns, unit: Unit): number {
  return interpolated(step, columns.last, positions(columns, unit));
}

/** The step at a position. */
export function stepAt(position: number, columns: Columns, unit: Unit): number {
  return interpolated(position, positions(columns, unit), columns.last);
}

/** The column that contains the step or, between columns, the next one; −1 if there is none. */
export function columnOf(step: number, { last }: Columns): number {
  const at = lowerBound(last, step);
  return at < last.length ? at : last.length - 1;
}

/**
 * Exponential moving average, debiased: sᵢ = βsᵢ₋₁ + (1 − β)xᵢ, divided by 1 − βⁱ (Kingma & Ba 2015, arXiv 1412.6980).
 * Values that are not finite are left out, and stay so.
 *
 * @param beta 0 for no smoothing, below 1
 */
export function smoothed(values: Float64Array, beta: number): Float64Array {
  let [sum, correction] = [0, 1];
  return values.map((value) => {
    if (!Number.isFinite(value)) return Number.NaN;
    sum = beta * sum + (1 - beta) * value;
    correction *= beta;
    return sum / (1 - correction);
  });
}

function interpolated(at: number, from: Float64Array, to: Float64Array): number {
  const next = lowerBound(from, at);
  if (next >= from.length) return to.at(-1) ?? at;
  const [x0, y0] = next === 0 ? [0, 0] : [from[next - 1]!, to[next - 1]!];
  const [x1, y1] = [from[next]!, to[next]!];
  return x1 === x0 ? y1 : y0 + ((at - x0) / (x1 - x0)) * (y1 - y0);
}

/** Place of the first of the ascending values that is not below `least`. */
function lowerBound(values: Float64Array, least: number): number {
  let [low, high] = [0, values.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (values[middle]! < least) low = middle + 1;
    else high = middle;
  }
  return low;
}

function mapSeries(
  { series }: Columns,
  change: (column: Column, name: SeriesName) => Column,
): Columns['series'] {
  return Object.fromEntries(
    (Object.entries(series) as [SeriesName, Column][]).map(([name, column]) => [
      name,
      change(column, name),
    ]),
  );
}

function extreme(
  values: Float64Array,
  from: number,
  to: number,
  of: (a: number, b: number) => number,
): number {
  return values
    .subarray(from, to)
    .reduce((a, b) => (Number.isNaN(a) ? b : Number.isNaN(b) ? a : of(a, b)), Number.NaN);
}

function sumOf(values: Float64Array, from: number, to: number): number {
  return values.subarray(from, to).reduce((a, b) => a + b, 0);
}

/** Columns count as many times as they have finite values. */
function meanOf({ mean, known, nonFinite }: Column, from: number, to: number): number {
  let [sum, count] = [0, 0];
  for (let i = from; i < to; i++) {
    const finite = known[i]! - nonFinite[i]!;
    if (finite === 0) continue;
    sum += finite * mean[i]!;
    count += finite;
  }
  return sum / count;
}
