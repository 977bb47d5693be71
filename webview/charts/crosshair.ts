/** A vertical line at the step under the pointer, in every chart of the page. */
import type { Chart, Plugin } from 'chart.js';
import { theme } from './theme.ts';

const places = new WeakMap<Chart, number>();

/** Takes effect when the chart is next drawn. @param at on the horizontal axis; `null` for no line */
export function pointAt(chart: unknown, at: number | null): void {
  if (at === null) places.delete(chart as Chart);
  else places.set(chart as Chart, at);
}

export const crosshair: Plugin = {
  id: 'crosshair',
  afterDatasetsDraw(chart) {
    const at = places.get(chart);
    const { x } = chart.scales;
    if (at === undefined || !x) return;
    const { ctx, chartArea } = chart;
    const pixel = Math.round(x.getPixelForValue(at)) + 0.5;
    if (pixel < chartArea.left || pixel > chartArea.right) return;
    ctx.save();
    ctx.strokeStyle = theme().muted;
    ctx.lineWidth = 1;
    ctx.beginPath();
    ctx.moveTo(pixel, chartArea.top);
    ctx.lineTo(pixel, chartArea.bottom);
    ctx.stroke();
    ctx.restore();
  },
};
