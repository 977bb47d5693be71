/** The axes of a figure with lines: round ticks, a grid along y. */
import { label, type Scale, scaleOf, shape } from './svg.ts';

export const [WIDTH, HEIGHT] = [760, 330];
export const [LEFT, RIGHT, TOP, BOTTOM] = [64, 16, 10, 46];

type Bounds = readonly [number, number];

export interface Axes {
  readonly x: Scale;
  readonly y: Scale;
  readonly parts: readonly string[];
}

export function axesOf(
  xBounds: Bounds,
  yBounds: Bounds,
  xTitle: string,
  /** Of a tick of y. */
  format: (text: string) => string = (text) => text,
): Axes {
  const x = scaleOf(xBounds, [LEFT, WIDTH - RIGHT], 7);
  const y = scaleOf(yBounds, [HEIGHT - BOTTOM, TOP]);
  const parts = [
    ...y.ticks.flatMap(({ value, text }) => [
      shape('line', { class: 'grid', x1: LEFT, x2: WIDTH - RIGHT, y1: y(value), y2: y(value) }),
      label(LEFT - 8, y(value) + 4, format(text), { anchor: 'end', class: 'tick' }),
    ]),
    ...x.ticks.map(({ value, text }) =>
      label(x(value), HEIGHT - BOTTOM + 18, text, { anchor: 'middle', class: 'tick' }),
    ),
    label((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 8, xTitle, { anchor: 'middle', class: 'axis' }),
  ];
  return { x, y, parts };
}

export function lineOf(points: readonly (readonly number[])[]): string {
  return points
    .map(([x, y], i) => `${i === 0 ? 'M' : 'L'}${x!.toFixed(1)} ${y!.toFixed(1)}`)
    .join('');
}

const DASHES = ['', '6 3', '2 2', '9 3 2 3'];

/** The dash of a method's line, in figures and in the legend. */
export function dashOf(row: number): string {
  return DASHES[row % DASHES.length]!;
}
