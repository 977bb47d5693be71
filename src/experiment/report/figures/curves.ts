/** The metric over steps: a line for each method's mean, in a band of one standard deviation, over thin lines for single runs. */
import { bandOf, type Point } from '../../statistics/bands.ts';
import { quantile } from '../../statistics/summary.ts';
import { axesOf, BOTTOM, dashOf, HEIGHT, LEFT, lineOf, RIGHT, TOP, WIDTH } from './axes.ts';
import { shape, svg } from './svg.ts';

/** More points than this are not seen. */
const MOST_POINTS = 300;

/** What is drawn, of a report or alone. */
export interface Curves {
  readonly curves: readonly { readonly method: string; readonly points: readonly Point[] }[];
  readonly findings: {
    readonly metric: string;
    readonly methods: readonly { readonly method: string }[];
  };
}

export function curvesFigure(
  { curves, findings: { metric, methods } }: Curves,
  slotOf: (method: string) => number,
): string | null {
  const drawn = curves.map((curve) => ({ ...curve, points: thinned(curve.points) }));
  const all = drawn.flatMap(({ points }) => points);
  if (new Set(all.map(({ step }) => step)).size < 2) return null;
  const sorted = all.map(({ value }) => value).sort((a, b) => a - b);
  // A run that explodes must not press all others flat.
  const reach = 3 * (quantile(sorted, 0.9) - quantile(sorted, 0.1));
  const bounds = [
    Math.max(sorted[0]!, quantile(sorted, 0.1) - reach),
    Math.min(sorted.at(-1)!, quantile(sorted, 0.9) + reach),
  ] as const;
  const steps = all.map(({ step }) => step);
  const { x, y, parts: axes } = axesOf([Math.min(...steps), Math.max(...steps)], bounds, 'step');
  const parts = [
    shape('clipPath', { id: 'plot' }).replace(
      '></clipPath>',
      `>${shape('rect', { x: LEFT, y: TOP - 4, width: WIDTH - LEFT - RIGHT, height: HEIGHT - TOP - BOTTOM + 8 })}</clipPath>`,
    ),
    ...axes,
    ...methods.flatMap(({ method }, i) => {
      const slot = `slot${slotOf(method)}`;
      const own = drawn.filter((curve) => curve.method === method).map(({ points }) => points);
      const band = bandOf(own);
      const upper = band.map(({ step, mean, std }) => [x(step), y(mean + (std ?? 0))]);
      const lower = band.map(({ step, mean, std }) => [x(step), y(mean - (std ?? 0))]);
      return [
        ...own.map((points) =>
          shape('path', {
            class: `run ${slot}`,
            d: lineOf(points.map(({ step, value }) => [x(step), y(value)])),
            'clip-path': 'url(#plot)',
          }),
        ),
        shape('path', {
          class: `band ${slot}`,
          d: `${lineOf([...upper, ...lower.reverse()])}Z`,
          'clip-path': 'url(#plot)',
        }),
        shape(
          'path',
          {
            class: `line ${slot}`,
            d: lineOf(band.map(({ step, mean }) => [x(step), y(mean)])),
            'stroke-dasharray': dashOf(i),
            'clip-path': 'url(#plot)',
          },
          method,
        ),
      ];
    }),
  ];
  return svg(WIDTH, HEIGHT, `${metric} over steps, by method: mean and standard deviation`, parts);
}

/** Evenly, the last point included. */
function thinned(points: readonly Point[]): Point[] {
  const stride = Math.ceil(points.length / MOST_POINTS);
  return points.filter((_, i) => i % stride === 0 || i === points.length - 1);
}
