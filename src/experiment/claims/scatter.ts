/** Points with intervals as SVG: grey text and mid-tone marks that can be read on a light and on a dark page. */
import type { Interval } from '../statistics/interval.ts';

interface Point {
  readonly label: string;
  readonly x: number;
  readonly y: number;
  /** Of y. */
  readonly interval: Interval | null;
}

export interface Scatter {
  /** For those who cannot see it. */
  readonly title: string;
  readonly x: string;
  readonly y: string;
  readonly points: readonly Point[];
}

const TEXT = '#7a828c';
const MARK = '#4a8fdd';
const SIZE = { width: 760, height: 420 };
const MARGIN = { left: 64, right: 20, top: 20, bottom: 44 };
const LEGEND = 18;

/** Points are numbered from the left; the legend below says what they are. */
export function scatterOf({ title, x, y, points }: Scatter): string {
  const sorted = points.toSorted((a, b) => a.x - b.x);
  const bounds = sorted.flatMap((point) => [point.y, point.interval?.low, point.interval?.high, 0]);
  const [toX, toY] = [
    axis(sorted.map((point) => point.x).concat(0), MARGIN.left, SIZE.width - MARGIN.right),
    axis(
      bounds.filter((bound) => bound !== undefined),
      SIZE.height - MARGIN.bottom,
      MARGIN.top,
    ),
  ];
  const height = SIZE.height + LEGEND * Math.ceil(sorted.length / 2) + 12;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${SIZE.width} ${height}" width="${SIZE.width}" height="${height}" font-family="system-ui, sans-serif" font-size="13" fill="${TEXT}">`,
    `<title>${escaped(title)}</title>`,
    ...toY.ticks.map((tick) => yTick(tick, toY.at(tick))),
    ...toX.ticks.map(
      (tick) =>
        `<text x="${toX.at(tick).toFixed(1)}" y="${SIZE.height - MARGIN.bottom + 18}" text-anchor="middle">${tick}</text>`,
    ),
    `<text x="${SIZE.width - MARGIN.right}" y="${SIZE.height - 8}" text-anchor="end">${escaped(x)}</text>`,
    `<text x="8" y="14">${escaped(y)}</text>`,
    ...sorted.map((point, i) => markOf(point, i + 1, toX.at, toY.at)),
    ...sorted.map((point, i) => legendOf(point.label, i)),
    '</svg>\n',
  ].join('\n');
}

function yTick(tick: number, at: number): string {
  return (
    `<path d="M${MARGIN.left} ${at.toFixed(1)}H${SIZE.width - MARGIN.right}" stroke="${TEXT}" stroke-opacity="${tick === 0 ? 0.9 : 0.25}"/>` +
    `<text x="${MARGIN.left - 6}" y="${(at + 4).toFixed(1)}" text-anchor="end">${tick}</text>`
  );
}

function markOf(
  { x, y, interval }: Point,
  number: number,
  toX: (value: number) => number,
  toY: (value: number) => number,
): string {
  const [cx, cy] = [toX(x).toFixed(1), toY(y).toFixed(1)];
  const bar = interval
    ? `<path d="M${cx} ${toY(interval.low).toFixed(1)}V${toY(interval.high).toFixed(1)}" stroke="${MARK}" stroke-width="1.6"/>`
    : '';
  const text = `<text x="${(toX(x) + 7).toFixed(1)}" y="${(toY(y) - 5).toFixed(1)}">${number}</text>`;
  return `${bar}<circle cx="${cx}" cy="${cy}" r="4" fill="${MARK}"/>${text}`;
}

function legendOf(label: string, at: number): string {
  const x = MARGIN.left + (at % 2) * ((SIZE.width - MARGIN.left) / 2);
  const y = SIZE.height + LEGEND * (Math.floor(at / 2) + 1);
  return `<text x="${x}" y="${y}">${at + 1}  ${escaped(label)}</text>`;
}

/** From values to pixels, with about five ticks at round numbers. */
function axis(values: readonly number[], from: number, to: number) {
  const [least, most] = [Math.min(...values), Math.max(...values)];
  const step = roundStep((most - least) / 5);
  const low = Math.floor(least / step) * step;
  const high = Math.ceil(most / step) * step;
  const count = Math.round((high - low) / step) + 1;
  return {
    at: (value: number) => from + ((value - low) / (high - low)) * (to - from),
    ticks: Array.from({ length: count }, (_, i) => Number((low + i * step).toPrecision(6))),
  };
}

/** 1, 2 or 5 times a power of ten. */
export function roundStep(raw: number): number {
  const unit = 10 ** Math.floor(Math.log10(raw));
  return [1, 2, 5, 10].map((factor) => factor * unit).find((size) => size >= raw)!;
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
}
