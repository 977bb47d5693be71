/** Final values over seeds: a row for each method, with its box, its mean and a point for each run. */

import { quantile } from '../../statistics/summary.ts';
import { significant } from '../../wording.ts';
import type { FullReport } from '../fullReport.ts';
import { label, scaleOf, shape, svg } from './svg.ts';

const WIDTH = 760;
const LEFT = 170;
const ROW = 58;
const TOP = 8;
/** Of the box, which spans the quartiles. */
const HALF = 11;

/** @param slotOf the colour of a method */
export function stripFigure(
  { findings }: FullReport,
  slotOf: (method: string) => number,
): string | null {
  const { methods, runs, metric, constantPredictor } = findings;
  const valued = runs.flatMap((run) => (run.value === null ? [] : [{ ...run, value: run.value }]));
  if (valued.length === 0) return null;
  const values = valued.map(({ value }) => value);
  const intervals = methods.flatMap(({ figures }) => {
    const interval = figures?.meanInterval;
    return interval && figures.n > 2 ? [interval.low, interval.high] : [];
  });
  const bounds = [Math.min(...values, ...intervals), Math.max(...values, ...intervals)] as const;
  const margin = 0.04 * (bounds[1] - bounds[0]);
  const x = scaleOf([bounds[0] - margin, bounds[1] + margin], [LEFT, WIDTH - 16]);
  const bottom = TOP + ROW * methods.length;
  const isInside = constantPredictor !== null && constantPredictor >= bounds[0] - margin;
  const parts = [
    ...x.ticks.flatMap(({ value, text }) => [
      shape('line', { class: 'grid', x1: x(value), x2: x(value), y1: TOP, y2: bottom }),
      label(x(value), bottom + 18, text, { anchor: 'middle', class: 'tick' }),
    ]),
    label((LEFT + WIDTH) / 2, bottom + 40, metric, { anchor: 'middle', class: 'axis' }),
    ...(isInside && constantPredictor <= bounds[1] + margin
      ? [
          shape(
            'line',
            {
              class: 'constant',
              ...{ x1: x(constantPredictor), x2: x(constantPredictor), y1: TOP, y2: bottom },
            },
            `a constant prediction: ${significant(constantPredictor)}`,
          ),
        ]
      : []),
    ...methods.flatMap(({ method, figures }, row) => {
      const y = TOP + ROW * (row + 0.5);
      const own = valued.filter((run) => run.method === method);
      const slot = `slot${slotOf(method)}`;
      return [
        label(LEFT - 14, y + 4, method, { anchor: 'end', class: 'name' }),
        ...(figures
          ? boxOf(
              own.map(({ value }) => value),
              figures,
              y,
              x,
              slot,
            )
          : []),
        ...own.map((run, i) => pointOf(run, x(run.value), y + jitter(i), slot)),
      ];
    }),
  ];
  const name = `Final ${metric} of every run, by method, with quartiles, mean and its 95 % interval`;
  return svg(WIDTH, bottom + 48, name, parts);
}

type Figures = NonNullable<FullReport['findings']['methods'][number]['figures']>;

/** The quartiles as a box with the median, the mean's interval as a line below with the mean as a diamond. */
function boxOf(
  values: readonly number[],
  { mean, meanInterval, n }: Figures,
  y: number,
  x: (value: number) => number,
  slot: string,
): string[] {
  const sorted = values.toSorted((a, b) => a - b);
  const [low, middle, high] = [0.25, 0.5, 0.75].map((share) => x(quantile(sorted, share))) as [
    number,
    number,
    number,
  ];
  const below = y + HALF + 8;
  return [
    ...(n > 2
      ? [
          shape('rect', {
            class: `box ${slot}`,
            ...{ x: low, y: y - HALF, width: Math.max(1, high - low), height: 2 * HALF },
          }),
          shape('line', {
            class: `median ${slot}`,
            ...{ x1: middle, x2: middle, y1: y - HALF, y2: y + HALF },
          }),
        ]
      : []),
    ...(meanInterval && n > 2
      ? [
          shape(
            'line',
            {
              class: `interval ${slot}`,
              ...{ x1: x(meanInterval.low), x2: x(meanInterval.high), y1: below, y2: below },
            },
            `mean ${significant(mean, 4)}, 95 % ${significant(meanInterval.low, 4)} … ${significant(meanInterval.high, 4)}`,
          ),
        ]
      : []),
    shape('path', {
      class: `mean ${slot}`,
      d: `M${x(mean) - 5} ${below}L${x(mean)} ${below - 5}L${x(mean) + 5} ${below}L${x(mean)} ${below + 5}Z`,
    }),
  ];
}

/** A circle; a cross for a run that failed. */
function pointOf(
  { method, seed, value, failed, reason }: FullReport['findings']['runs'][number],
  x: number,
  y: number,
  slot: string,
): string {
  const why = failed ? `, failed: ${reason}` : '';
  const title = `${method}, seed ${seed}: ${significant(value!, 4)}${why}`;
  if (!failed) return shape('circle', { class: `point ${slot}`, cx: x, cy: y, r: 3.2 }, title);
  const d = `M${x - 4} ${y - 4}L${x + 4} ${y + 4}M${x - 4} ${y + 4}L${x + 4} ${y - 4}`;
  return shape('path', { class: 'failed', d }, title);
}

/** So that equal values do not hide each other: by the golden ratio, the same every time. */
function jitter(i: number): number {
  return (((i * 0.618034) % 1) - 0.5) * 1.5 * HALF;
}
