/** Curves of single runs and of groups of them, with as many points as a chart has pixels. */
import { bandOf } from '../../../experiment/statistics/bands.ts';
import type { MetricPoint } from '../../messages/points.ts';
import type { BandPoint } from '../../messages/seedVariance.ts';

/** A point that stands for several steps has their range. */
export interface CurvePoint extends MetricPoint {
  readonly range?: readonly [low: number, high: number];
}

/** A column of an index's window as points; those without a value are left out. */
export function pointsOf(
  steps: Float64Array,
  { mean, min, max, known }: Record<'mean' | 'min' | 'max' | 'known', Float64Array>,
): CurvePoint[] {
  return Array.from(steps, (step, i): CurvePoint => {
    const value = Number.isFinite(mean[i]) ? mean[i]! : null;
    return value !== null && min[i]! < max[i]!
      ? { step, value, range: [min[i]!, max[i]!] }
      : { step, value };
  }).filter(({ value }, i) => value !== null || known[i]! > 0);
}

/** Neighbours merged until there are at most `most` points. */
export function decimated(points: readonly CurvePoint[], most: number): CurvePoint[] {
  const size = Math.ceil(points.length / Math.max(1, most));
  if (size <= 1) return [...points];
  return Array.from({ length: Math.ceil(points.length / size) }, (_, i): CurvePoint => {
    const merged = points.slice(i * size, (i + 1) * size);
    const values = merged.flatMap(({ value }) => (value === null ? [] : [value]));
    const { step } = merged.at(-1)!;
    if (values.length === 0) return { step, value: null };
    const value = values.reduce((sum, one) => sum + one, 0) / values.length;
    const ends = merged.flatMap(({ value: one, range }) => range ?? (one === null ? [] : [one]));
    return { step, value, range: [Math.min(...ends), Math.max(...ends)] };
  });
}

/**
 * Mean and spread over the runs at each step that all of those have which were trained to it: a run that was validated elsewhere
 * would let the mean jump.
 */
export function groupBand(curves: readonly (readonly CurvePoint[])[]): BandPoint[] {
  const known = curves.map((points) => points.flatMap(finite)).filter(({ length }) => length > 0);
  if (known.length === 1) {
    return known[0]!.map(({ step, value, range }) => ({
      ...{ step, mean: value, std: null, n: 1 },
      ...(range && { range }),
    }));
  }
  const steps = known.map((points) => new Set(points.map(({ step }) => step)));
  const ends = known.map((points) => ({ first: points[0]!.step, last: points.at(-1)!.step }));
  const isShared = (step: number) =>
    ends.every(({ first, last }, i) => step < first || step > last || steps[i]!.has(step));
  return bandOf(known.map((points) => points.filter(({ step }) => isShared(step))));
}

function finite({ value, ...point }: CurvePoint) {
  return value === null ? [] : [{ ...point, value }];
}

/** As {@link decimated}, of a band. */
export function thinnedBand(band: readonly BandPoint[], most: number): BandPoint[] {
  const size = Math.ceil(band.length / Math.max(1, most));
  return band.filter((_, i) => (i + 1) % size === 0 || i === band.length - 1);
}
