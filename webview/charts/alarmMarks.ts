/** Marks of the run's alarms in every chart over steps: a line where one was raised, with a triangle at its top. */
import type { Plugin } from 'chart.js';
import { theme } from './theme.ts';

/** The alarms of the run that the page shows; charts draw them with their next update. */
let marked: readonly number[] = [];

/** @param steps at which an alarm was raised */
export function markAlarms(steps: readonly number[]): void {
  marked = steps;
}

const SIZE = 5;

export const alarmMarks: Plugin<'line'> = {
  id: 'alarmMarks',
  afterDatasetsDraw(chart) {
    const { x } = chart.scales;
    const isOverSteps = 'type' in chart.config && chart.config.type === 'line';
    if (!isOverSteps || !x || marked.length === 0) return;
    const { ctx, chartArea } = chart;
    const { error, highContrast } = theme();
    ctx.save();
    ctx.strokeStyle = error;
    ctx.fillStyle = error;
    ctx.lineWidth = highContrast ? 2 : 1;
    for (const step of marked) {
      const at = x.getPixelForValue(step);
      if (at < chartArea.left || at > chartArea.right) continue;
      ctx.setLineDash([3, 3]);
      ctx.beginPath();
      ctx.moveTo(at, chartArea.top);
      ctx.lineTo(at, chartArea.bottom);
      ctx.stroke();
      ctx.setLineDash([]);
      ctx.beginPath();
      ctx.moveTo(at - SIZE, chartArea.top);
      ctx.lineTo(at + SIZE, chartArea.top);
      ctx.lineTo(at, chartArea.top + 1.5 * SIZE);
      ctx.fill();
    }
    ctx.restore();
  },
};
