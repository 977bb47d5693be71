/** Marks of the run's alarms in every chart over steps: a line where one was raised, with a triangle at its top. */
import type { Chart, ChartArea, Plugin } from 'chart.js';
import { theme } from './theme.ts';

/** The alarms of the run that the page shows; charts draw them with their next update. */
let marked: readonly number[] = [];

/** Where a chart draws a step. */
const places = new WeakMap<Chart, (step: number) => number>();

/** @param steps at which an alarm was raised */
export function markAlarms(steps: readonly number[]): void {
  marked = steps;
}

/** Lets a chart mark alarms. @param positionOf a step, on the horizontal axis */
export function withAlarms(chart: unknown, positionOf: (step: number) => number): void {
  places.set(chart as Chart, positionOf);
}

const SIZE = 5;
/** Least pixels between lines: if alarms are closer, lines would hide what is drawn, and triangles remain. */
const APART = 24;

export const alarmMarks: Plugin = {
  id: 'alarmMarks',
  beforeDatasetsDraw(chart) {
    if (!isStacked(chart)) drawMarks(chart);
  },
  // Areas would hide what is behind them.
  afterDatasetsDraw(chart) {
    if (isStacked(chart)) drawMarks(chart);
  },
};

function isStacked({ options }: Chart): boolean {
  const { left } = options.scales ?? {};
  return left !== undefined && 'stacked' in left && left.stacked === true;
}

function drawMarks(chart: Chart): void {
  const { x } = chart.scales;
  const positionOf = places.get(chart);
  if (!positionOf || !x || marked.length === 0) return;
  const { ctx, chartArea } = chart;
  const pixels = new Set(
    marked
      .map((step) => Math.round(x.getPixelForValue(positionOf(step))))
      .filter((at) => at >= chartArea.left && at <= chartArea.right),
  );
  const hasLines = pixels.size * APART <= chartArea.right - chartArea.left;
  const { error, background, highContrast } = theme();
  const width = highContrast ? 2 : 1;
  ctx.save();
  ctx.fillStyle = error;
  for (const at of pixels) {
    // On the colour of an area, an edge of the background's colour sets the mark off.
    ctx.strokeStyle = background;
    ctx.lineWidth = width + 2;
    if (hasLines && isStacked(chart)) line(ctx, at, chartArea);
    triangle(ctx, at, chartArea);
    ctx.stroke();
    ctx.fill();
    ctx.strokeStyle = error;
    ctx.lineWidth = width;
    ctx.setLineDash([4, 3]);
    if (hasLines) line(ctx, at, chartArea);
    ctx.setLineDash([]);
  }
  ctx.restore();
}

function line(ctx: CanvasRenderingContext2D, x: number, { top, bottom }: ChartArea): void {
  ctx.beginPath();
  ctx.moveTo(x, top);
  ctx.lineTo(x, bottom);
  ctx.stroke();
}

function triangle(ctx: CanvasRenderingContext2D, x: number, { top }: ChartArea): void {
  ctx.beginPath();
  ctx.moveTo(x - SIZE, top);
  ctx.lineTo(x + SIZE, top);
  ctx.lineTo(x, top + 1.5 * SIZE);
  ctx.closePath();
}
