/** A chart as a picture that stands alone: its title, its legend, and the chart, on the background of the theme. */
import type { Chart, LineElement } from 'chart.js';
import { SvgContext } from '../export/svgContext.ts';
import { theme } from './theme.ts';

export interface Picture {
  readonly title: string;
  readonly legend: HTMLElement;
  readonly chart: unknown;
}

const MARGIN = 12;
const LINE = 20;
const SWATCH = 18;

export function svgOf(picture: Picture): string {
  const { chart, width, height, top } = layout(picture);
  const context = new SvgContext(chart.ctx);
  const ctx = context as unknown as CanvasRenderingContext2D;
  drawFrame(ctx, picture, width, height);
  ctx.translate(MARGIN, top);
  drawInto(chart, ctx);
  return context.svg(width, height);
}

/** In the resolution of the screen. */
export function canvasOf(picture: Picture): HTMLCanvasElement {
  const { chart, width, height, top } = layout(picture);
  const ratio = chart.currentDevicePixelRatio;
  const canvas = document.createElement('canvas');
  canvas.width = Math.round(ratio * width);
  canvas.height = Math.round(ratio * height);
  const ctx = canvas.getContext('2d')!;
  ctx.scale(ratio, ratio);
  drawFrame(ctx, picture, width, height);
  ctx.drawImage(chart.canvas, MARGIN, top, chart.width, chart.height);
  return canvas;
}

function layout({ chart: drawn, legend }: Picture) {
  const chart = drawn as Chart;
  const rows = rowsOf(chart.ctx, legend, chart.width).length;
  const top = MARGIN + LINE * (1 + rows);
  return { chart, top, width: chart.width + 2 * MARGIN, height: top + chart.height + MARGIN };
}

function drawFrame(
  ctx: CanvasRenderingContext2D,
  { title, legend }: Picture,
  width: number,
  height: number,
) {
  const { background, foreground } = theme();
  ctx.fillStyle = background;
  ctx.fillRect(0, 0, width, height);
  ctx.textBaseline = 'middle';
  ctx.fillStyle = foreground;
  ctx.font = fontOf(true);
  ctx.fillText(title, MARGIN, MARGIN + LINE / 2);
  rowsOf(ctx, legend, width - 2 * MARGIN).forEach((row, i) => {
    const y = MARGIN + LINE * (i + 1.5);
    for (const { x, label, colour, dash } of row) {
      ctx.strokeStyle = colour;
      ctx.lineWidth = 3;
      ctx.setLineDash(dash);
      ctx.beginPath();
      ctx.moveTo(MARGIN + x, y);
      ctx.lineTo(MARGIN + x + SWATCH, y);
      ctx.stroke();
      ctx.fillText(label, MARGIN + x + SWATCH + 5, y);
    }
  });
  ctx.setLineDash([]);
}

/** The entries of the legend that are shown, in lines as wide as the chart. */
function rowsOf(ctx: CanvasRenderingContext2D, legend: HTMLElement, width: number) {
  ctx.font = fontOf(false);
  const rows: { x: number; label: string; colour: string; dash: number[] }[][] = [];
  let x = Number.POSITIVE_INFINITY;
  const buttons = legend.hidden ? [] : legend.querySelectorAll('button[aria-pressed="true"]');
  for (const button of buttons) {
    const label = button.textContent ?? '';
    const swatch = button.firstElementChild as HTMLElement;
    const needed = SWATCH + 5 + ctx.measureText(label).width + 14;
    if (x + needed > width) {
      rows.push([]);
      x = 0;
    }
    const dash = swatch.dataset.look === 'dashes' ? [5, 3] : [];
    rows.at(-1)!.push({ x, label, colour: swatch.style.color, dash });
    x += needed;
  }
  return rows;
}

function fontOf(bold: boolean): string {
  const { family, size } = theme().font;
  return `${bold ? 'bold ' : ''}${size + (bold ? 2 : 0)}px ${family}`;
}

/** Chart.js draws into its `ctx`, scales and controllers each into theirs; lines as paths that only a canvas understands, unless their segments have options. */
function drawInto(chart: Chart, ctx: CanvasRenderingContext2D): void {
  const own = chart.ctx;
  const metas = chart.getSortedVisibleDatasetMetas();
  const lines = metas.flatMap(({ dataset }) => dataset ?? []);
  const options = lines.map((line) => line.options);
  for (const line of lines)
    line.options = { ...line.options, segment: {} } as LineElement['options'];
  const parts = [chart, ...Object.values(chart.scales)];
  for (const part of parts) Object.assign(part, { ctx });
  for (const { controller } of metas) Object.assign(controller, { _ctx: ctx });
  try {
    chart.draw();
  } finally {
    for (const part of parts) Object.assign(part, { ctx: own });
    for (const { controller } of metas) Object.assign(controller, { _ctx: own });
    lines.forEach((line, i) => {
      line.options = options[i]!;
    });
  }
}
