/** Marks of the run's alarms in every chart over steps: a line where one was raised, with a triangle at its top. */
import type { ChartArea, Plugin } from 'chart.js';
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
    const { error, background, highContrast } = theme();
    const width = highContrast ? 2 : 1;
    ctx.save();
    ctx.fillStyle = error;
    for (const step of marked) {
      const at = x.getPixelForValue(step);
      if (at < chartArea.left || at > chartArea.right) continue;
      // On the colour of an area, an edge of the background's colour sets the mark off.
      ctx.strokeStyle = background;
      ctx.lineWidth = width + 2;
      ctx.setLineDash([]);
      ctx.stroke(lineAt(at, chartArea));
      ctx.stroke(triangleAt(at, chartArea));
      ctx.strokeStyle = error;
      ctx.lineWidth = width;
      ctx.setLineDash([4, 3]);
      ctx.stroke(lineAt(at, chartArea));
      ctx.fill(triangleAt(at, chartArea));
    }
    ctx.restore();
  },
};

function lineAt(x: number, { top, bottom }: ChartArea): Path2D {
  const path = new Path2D();
  path.moveTo(x, top);
  path.lineTo(x, bottom);
  return path;
}

function triangleAt(x: number, { top }: ChartArea): Path2D {
  const path = new Path2D();
  path.moveTo(x - SIZE, top);
  path.lineTo(x + SIZE, top);
  path.lineTo(x, top + 1.5 * SIZE);
  path.closePath();
  return path;
}
