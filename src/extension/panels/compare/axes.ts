/** Horizontal axes of compared runs, which take the same step after different numbers of examples and at different times. */
import type { Unit } from '../../messages/columns.ts';
import type { BandPoint, SeedCurve } from '../../messages/seedVariance.ts';
import type { Progress } from '../runReader.ts';

/** Where the steps of a run are. Places are counted in steps, thousandths of an epoch, examples, or milliseconds of training. */
export interface Axis {
  readonly end: number;
  placeOf(step: number): number;
  stepAt(place: number): number;
}

/** @param perEpoch examples of an epoch, if known @returns null if the log does not say where its steps are */
export function axisOf(
  unit: Unit,
  { steps, examples, elapsed }: Progress,
  perEpoch: number | null,
): Axis | null {
  if (unit === 'step') {
    return { end: steps.at(-1) ?? 0, placeOf: (step) => step, stepAt: (place) => place };
  }
  if (unit === 'epoch' && perEpoch === null) return null;
  const places = {
    examples: () => examples,
    epoch: () => examples.map((count) => (1000 * count) / perEpoch!),
    time: () => elapsed,
  }[unit]();
  const end = places.at(-1) ?? 0;
  // A run that has no step yet is nowhere, on any axis.
  if (steps.length > 0 && !(end > 0)) return null;
  return {
    end,
    placeOf: (step) => between(step, steps, places),
    stepAt: (place) => between(place, places, steps),
  };
}

export function placed(points: SeedCurve['points'], axis: Axis): SeedCurve['points'] {
  return points.map((point) => ({ ...point, at: axis.placeOf(point.step) }));
}

/** A mean over several runs is drawn at the mean of where these took the step. */
export function placedBand(band: readonly BandPoint[], axes: readonly Axis[]): BandPoint[] {
  const ends = axes.map((axis) => axis.stepAt(axis.end));
  return band.map((point) => {
    const there = axes.filter((_, i) => ends[i]! >= point.step);
    const sum = there.reduce((total, axis) => total + axis.placeOf(point.step), 0);
    return { ...point, at: sum / Math.max(1, there.length) };
  });
}

/** In proportion between the known places, from (0, 0) on; the last one beyond them. webview/charts/columns.ts draws by the same. */
function between(at: number, from: Float64Array, to: Float64Array): number {
  const next = lowerBound(from, at);
  if (next === from.length) return to.at(-1) ?? 0;
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
