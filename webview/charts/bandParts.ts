/** What the chart of a metric over seeds draws: means, bands, single seeds, and where one was lost. Pure. */
import type { AggregatorSeries, SeedCurve } from '../../src/extension/messages/seedVariance.ts';
import type { XY } from './chart.ts';
import { smoothed } from './columns.ts';

/** What a dataset draws: a seed's curve, the mean over seeds, or an edge of the band of one standard deviation. */
export interface Part {
  readonly aggregator: string;
  readonly kind: 'mean' | 'low' | 'high' | 'seed' | 'lost';
  readonly label: string;
  readonly data: XY[];
}

export function keyOf({ aggregator, kind, label }: Part): string {
  return `${aggregator}\n${kind}\n${label}`;
}

/** The first is drawn on top by Chart.js. */
export function parts(
  { aggregator, band, seeds }: AggregatorSeries,
  x: (point: { readonly step: number; readonly at?: number }) => number,
): Part[] {
  const edge = (sign: 1 | -1): XY[] =>
    band.map(({ mean, std, range, ...point }) => ({
      x: x(point),
      y: std === null ? (range?.[sign === 1 ? 1 : 0] ?? null) : mean + sign * std,
    }));
  const mean = band.map((point) => ({ x: x(point), y: point.mean }));
  return [
    { aggregator, kind: 'mean', label: aggregator, data: mean },
    { aggregator, kind: 'high', label: `${aggregator}: mean + std`, data: edge(1) },
    { aggregator, kind: 'low', label: `${aggregator}: mean − std`, data: edge(-1) },
    ...seeds.map(
      ({ runId, seed, points }): Part => ({
        aggregator,
        kind: 'seed',
        label: `${aggregator}: seed ${seed} (${runId})`,
        data: points.map((point) => ({ x: x(point), y: point.value })),
      }),
    ),
    ...lostSeeds(seeds).flatMap(({ runId, seed, points }): Part[] => {
      const end = points.findLast(({ value }) => value !== null);
      if (!end) return [];
      const label = `${aggregator}: seed ${seed} was lost (${runId})`;
      return [{ aggregator, kind: 'lost', label, data: [{ x: x(end), y: end.value }] }];
    }),
  ];
}

/** @param beta weight of the moving average, 0 for none */
export function smooth(points: XY[], beta: number): XY[] {
  if (beta === 0) return points;
  const values = smoothed(
    Float64Array.from(points, ({ y }) => y ?? Number.NaN),
    beta,
  );
  return points.map(({ x, y }, i) => ({ x, y: y === null ? null : values[i]! }));
}

/** Seeds whose run failed, or whose last value is not finite. */
function lostSeeds(seeds: readonly SeedCurve[]): readonly SeedCurve[] {
  return seeds.filter(({ status, points }) => status === 'failed' || points.at(-1)?.value === null);
}
