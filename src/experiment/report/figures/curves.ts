/** The metric over steps: a line for each method's mean, in a band of one standard deviation, over thin lines for single runs. */
import { bandOf, type Point } from '../../statistics/bands.ts';
import { quantile } from '../../statistics/summary.ts';
import { label, scaleOf, shape, svg } from './svg.ts';

const [WIDTH, HEIGHT] = [760, 330];
const [LEFT, RIGHT, TOP, BOTTOM] = [64, 16, 10, 46];
/** More points than this are not seen. */
const MOST_POINTS = 300;
const DASHES = ['', '6 3', '2 2', '9 3 2 3'];

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
  const x = scaleOf([Math.min(...steps), Math.max(...steps)], [LEFT, WIDTH - RIGHT], 7);
  const y = scaleOf(bounds, [HEIGHT - BOTTOM, TOP]);
  const parts = [
    shape('clipPath', { id: 'plot' }).replace(
      '></clipPath>',
      `>${shape('rect', { x: LEFT, y: TOP - 4, width: WIDTH - LEFT - RIGHT, height: HEIGHT - TOP - BOTTOM + 8 })}</clipPath>`,
    ),
    ...y.ticks.flatMap(({ value, text }) => [
      shape('line', { class: 'grid', x1: LEFT, x2: WIDTH - RIGHT, y1: y(value), y2: y(value) }),
      label(LEFT - 8, y(value) + 4, text, { anchor: 'end', class: 'tick' }),
    ]),
    ...x.ticks.map(({ value, text }) =>
      label(x(value), HEIGHT - BOTTOM + 18, text, { anchor: 'middle', class: 'tick' }),
    ),
    label((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 8, 'step', { anchor: 'middle', class: 'axis' }),
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
            'stroke-dasharray': DASHES[i % DASHES.length]!,
            'clip-path': 'url(#plot)',
          },
          method,
        ),
      ];
    }),
  ];
  return svg(WIDTH, HEIGHT, `${metric} over steps, by method: mean and standard deviation`, parts);
}

function lineOf(points: readonly (readonly number[])[]): string {
  return points
    .map(([x, y], i) => `${i === 0 ? 'M' : 'L'}${x!.toFixed(1)} ${y!.toFixed(1)}`)
    .join('');
}

/** Evenly, the last point included. */
function thinned(points: readonly Point[]): Point[] {
  const stride = Math.ceil(points.length / MOST_POINTS);
  return points.filter((_, i) => i % stride === 0 || i === points.length - 1);
}

/** The dash of a method's line, for its entry in the legend. */
export function dashOf(row: number): string {
  return DASHES[row % DASHES.length]!;
}
