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

export const alarmMarks: Plugin = {
  id: 'alarmMarks',
  afterDatasetsDraw(chart) {
    const { x } = chart.scales;
    const positionOf = places.get(chart);
    if (!positionOf || !x || marked.length === 0) return;
    const { ctx, chartArea } = chart;
    const { error, background, highContrast } = theme();
    const width = highContrast ? 2 : 1;
    ctx.save();
    ctx.fillStyle = error;
    for (const step of marked) {
      const at = x.getPixelForValue(positionOf(step));
      if (at < chartArea.left || at > chartArea.right) continue;
      // On the colour of an area, an edge of the background's colour sets the mark off.
      for (const [colour, lineWidth, dash] of [
        [background, width + 2, []],
        [error, width, [4, 3]],
      ] as const) {
        ctx.strokeStyle = colour;
        ctx.lineWidth = lineWidth;
        ctx.setLineDash([...dash]);
        line(ctx, at, chartArea);
        if (colour !== background) continue;
        triangle(ctx, at, chartArea);
        ctx.stroke();
      }
      triangle(ctx, at, chartArea);
      ctx.fill();
    }
    ctx.restore();
  },
};

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
