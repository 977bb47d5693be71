/**
 * What a line of means would hide: behind it, for each column of steps the range from the smallest to the largest value, and
 * the means themselves behind a moving average; at the foot of the chart, marks of values that are not finite.
 */
import type { ChartDataset, Plugin, Scale } from 'chart.js';
import { translucent } from './palette.ts';
import { theme } from './theme.ts';

/** Lists as long as each other. */
export interface Envelope {
  readonly x: ArrayLike<number>;
  readonly min: ArrayLike<number>;
  readonly max: ArrayLike<number>;
  /** The means, if the line shows something else. */
  readonly raw?: ArrayLike<number>;
  readonly nonFinite: ArrayLike<number>;
  /** Whether values that are not finite are marked. */
  readonly marked: boolean;
}

const byDataset = new WeakMap<object, Envelope>();

/** @param dataset an object that stays the same while its chart has it */
export function setEnvelope(dataset: object, envelope: Envelope | null): void {
  if (envelope) byDataset.set(dataset, envelope);
  else byDataset.delete(dataset);
}

export function envelopeOf(dataset: object): Envelope | undefined {
  return byDataset.get(dataset);
}

const CROSS = 3.5;

export const envelopes: Plugin = {
  id: 'envelopes',
  beforeDatasetsDraw(chart) {
    const { x } = chart.scales;
    if (!x) return;
    const { ctx, chartArea } = chart;
    ctx.save();
    ctx.beginPath();
    ctx.rect(
      chartArea.left,
      chartArea.top,
      chartArea.right - chartArea.left,
      chartArea.bottom - chartArea.top,
    );
    ctx.clip();
    chart.data.datasets.forEach((dataset, i) => {
      const envelope = byDataset.get(dataset);
      const y = chart.scales[(dataset as ChartDataset<'line'>).yAxisID ?? 'y'];
      if (!envelope || !y || !chart.isDatasetVisible(i)) return;
      const colour = String((dataset as ChartDataset<'line'>).pointBackgroundColor);
      drawRanges(ctx, envelope, x, y, colour);
      if (envelope.raw) drawLine(ctx, envelope.x, envelope.raw, x, y, translucent(colour, 0.4));
    });
    ctx.restore();
  },
  afterDatasetsDraw(chart) {
    const { x } = chart.scales;
    if (!x) return;
    const { ctx, chartArea } = chart;
    ctx.save();
    ctx.strokeStyle = theme().error;
    ctx.lineWidth = 1.5;
    chart.data.datasets.forEach((dataset, i) => {
      const envelope = byDataset.get(dataset);
      if (!envelope?.marked || !chart.isDatasetVisible(i)) return;
      for (let at = 0; at < envelope.x.length; at++) {
        if (envelope.nonFinite[at] === 0) continue;
        const pixel = x.getPixelForValue(envelope.x[at]!);
        if (pixel < chartArea.left || pixel > chartArea.right) continue;
        cross(ctx, pixel, chartArea.bottom - CROSS - 1);
      }
    });
    ctx.restore();
  },
};

/** A bar per column, or per pixel where columns are narrower, so that a single step that stands out is seen among a million. */
function drawRanges(
  ctx: CanvasRenderingContext2D,
  { x: positions, min, max }: Envelope,
  x: Scale,
  y: Scale,
  colour: string,
): void {
  ctx.fillStyle = translucent(colour, 0.45);
  let [left, low, high] = [Number.NEGATIVE_INFINITY, Number.NaN, Number.NaN];
  for (let i = 0; i < positions.length; i++) {
    const right = Math.round(x.getPixelForValue(positions[i]!));
    if (Number.isFinite(min[i]!)) {
      low = Number.isNaN(low) ? min[i]! : Math.min(low, min[i]!);
      high = Number.isNaN(high) ? max[i]! : Math.max(high, max[i]!);
    }
    // Further columns may end at the same pixel.
    const next = positions[i + 1];
    if (next !== undefined && Math.round(x.getPixelForValue(next)) === right) continue;
    if (high > low) {
      const [top, bottom] = [y.getPixelForValue(high), y.getPixelForValue(low)];
      const start = Math.max(left, x.left);
      ctx.fillRect(start, top, Math.max(1, right - start), Math.max(1, bottom - top));
    }
    [left, low, high] = [right, Number.NaN, Number.NaN];
  }
}

function drawLine(
  ctx: CanvasRenderingContext2D,
  positions: ArrayLike<number>,
  values: ArrayLike<number>,
  x: Scale,
  y: Scale,
  colour: string,
): void {
  ctx.strokeStyle = colour;
  ctx.lineWidth = 1;
  ctx.beginPath();
  let isDrawing = false;
  for (let i = 0; i < positions.length; i++) {
    const value = values[i]!;
    if (!Number.isFinite(value)) {
      isDrawing = false;
      continue;
    }
    const [px, py] = [x.getPixelForValue(positions[i]!), y.getPixelForValue(value)];
    if (isDrawing) ctx.lineTo(px, py);
    else ctx.moveTo(px, py);
    isDrawing = true;
  }
  ctx.stroke();
}

function cross(ctx: CanvasRenderingContext2D, x: number, y: number): void {
  ctx.beginPath();
  ctx.moveTo(x - CROSS, y - CROSS);
  ctx.lineTo(x + CROSS, y + CROSS);
  ctx.moveTo(x - CROSS, y + CROSS);
  ctx.lineTo(x + CROSS, y - CROSS);
  ctx.stroke();
}
