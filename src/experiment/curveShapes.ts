/** How the curves of a method end, and how closely a validation follows those before it. */
import { mean, sampleVariance } from 'simple-statistics';
import * as z from 'zod';
import { intervalSchema } from './comparison.ts';
import type { Findings } from './findings.ts';
import { meanInterval } from './statistics/means.ts';
import { autocorrelation, trendOf } from './statistics/series.ts';
import { summarise } from './statistics/summary.ts';

/** So many validations are the end of a curve. */
const END = 10;
/** A smaller change from one validation to the next is none. */
const FLAT = 1e-4;
/** A trend with a larger p is not told from noise. */
const NOISE = 0.1;
const MOST_LAGS = 20;

const shapeSchema = z.object({
  runs: z.number(),
  /** Of the shortest curve, to which all are cut. */
  validations: z.number(),
  /** Correlation with the value one validation before, two, …, up to a quarter of the curve and 20: over runs. */
  autocorrelation: z.array(z.object({ mean: z.number().nullable(), std: z.number().nullable() })),
  /** Of the last ten validations; `null` for shorter curves. */
  end: z
    .object({
      /** Change from one validation to the next: mean of the runs' slopes. */
      slope: z.number(),
      /** Student's t, over runs. */
      slopeInterval: intervalSchema.nullable(),
      /** Runs whose slope is below 0.0001 or has p > 0.1; `null` for curves under twenty validations. */
      flat: z.number().nullable(),
      /** Standard deviation within a run: root of the mean variance. */
      within: z.number(),
      /** Standard deviation of the runs' means. */
      between: z.number().nullable(),
    })
    .nullable(),
});

export const curveShapeSchema = shapeSchema.extend({ method: z.string() });

export type CurveShape = z.infer<typeof curveShapeSchema>;

/** Of the finished runs of each method that has curves of three validations or more. */
export function curveShapesOf(
  curves: readonly {
    readonly run: string;
    readonly method: string;
    readonly points: readonly { readonly value: number }[];
  }[],
  { methods, runs }: Pick<Findings, 'methods' | 'runs'>,
): CurveShape[] {
  const finished = new Set(runs.flatMap(({ run, status }) => (status === 'finished' ? [run] : [])));
  return methods.flatMap(({ method }) => {
    const own = curves.filter((curve) => curve.method === method && finished.has(curve.run));
    const values = own.map(({ points }) => points.map(({ value }) => value));
    const isLong = values.length > 0 && values.every(({ length }) => length >= 3);
    return isLong ? [{ method, ...curveShape(values) }] : [];
  });
}

/** @param curves of at least one run, each with at least three values */
export function curveShape(curves: readonly (readonly number[])[]): z.infer<typeof shapeSchema> {
  const validations = Math.min(...curves.map(({ length }) => length));
  const cut = curves.map((values) => values.slice(0, validations));
  const lags = Math.min(MOST_LAGS, Math.floor(validations / 4));
  return {
    runs: curves.length,
    validations,
    autocorrelation: Array.from({ length: lags }, (_, i) => {
      const known = cut.flatMap((values) => autocorrelation(values, i + 1) ?? []);
      return known.length === 0 ? { mean: null, std: null } : spreadOf(known);
    }),
    end:
      validations < END
        ? null
        : endOf(
            cut.map((values) => values.slice(-END)),
            validations,
          ),
  };
}

function endOf(
  ends: readonly (readonly number[])[],
  validations: number,
): z.infer<typeof shapeSchema>['end'] {
  const trends = ends.map(trendOf);
  const slopes = trends.map(({ slope }) => slope);
  const flat = trends.filter(({ slope, p }) => Math.abs(slope) < FLAT || p > NOISE).length;
  return {
    slope: mean(slopes),
    slopeInterval: meanInterval(slopes),
    flat: validations < 2 * END ? null : flat,
    within: Math.sqrt(mean(ends.map((values) => sampleVariance([...values])))),
    between: summarise(ends.map((values) => mean([...values]))).std,
  };
}

function spreadOf(values: readonly number[]): { mean: number; std: number | null } {
  const { mean, std } = summarise(values);
  return { mean, std };
}
