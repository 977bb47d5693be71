import type { Plugin } from 'chart.js';
import type { AggregatorSeries } from '../../src/extension/messages/seedVariance.ts';
import { h } from '../dom.ts';
import { Chart, type XY } from './chart.ts';
import { slotsOf } from './slots.ts';
import { theme, withTheme } from './theme.ts';

/** The means over seeds from the first step on, small, with the part that the chart beside it shows in a frame. */
export class Overview {
  readonly element: HTMLElement;
  readonly #chart: Chart<'line', XY[]>;
  #series: readonly AggregatorSeries[] = [];
  #frame = { from: 0, min: 0, max: 0 };

  constructor() {
    const canvas = h('canvas', {
      id: 'metric-overview',
      role: 'img',
      'aria-label': 'All steps, small; framed: what the chart shows',
    });
    this.element = h('div', { class: 'overview' }, canvas);
    const frame: Plugin<'line'> = {
      id: 'frame',
      afterDatasetsDraw: (chart) => this.#drawFrame(chart),
    };
    this.#chart = new Chart<'line', XY[]>(canvas, {
      type: 'line',
      data: { datasets: [] },
      plugins: [frame],
      options: {
        events: [],
        layout: { padding: 2 },
        scales: { x: { type: 'linear', display: false, min: 0 }, y: { display: false } },
      },
    });
    withTheme(() => this.#paint());
  }

  /** @param frame what the chart shows: steps from `from` on, values from `min` to `max` */
  show(
    series: readonly AggregatorSeries[],
    frame: { from: number; min: number; max: number },
  ): void {
    this.#series = series;
    this.#frame = frame;
    this.#chart.data.datasets = series.map(({ aggregator, band }) => ({
      label: aggregator,
      data: band.map(({ step, mean }) => ({ x: step, y: mean })),
      borderWidth: 1,
    }));
    this.#paint();
  }

  #paint(): void {
    const slots = slotsOf(this.#series.map(({ aggregator }) => aggregator));
    for (const dataset of this.#chart.data.datasets) {
      dataset.borderColor = theme().line(slots.get(dataset.label ?? '') ?? 0);
    }
    this.#chart.update();
  }

  #drawFrame({
    ctx,
    chartArea,
    scales: { x, y },
  }: Pick<Chart<'line'>, 'ctx' | 'chartArea' | 'scales'>): void {
    if (!x || !y) return;
    const { from, min, max } = this.#frame;
    const within = (value: number) => Math.min(chartArea.bottom, Math.max(chartArea.top, value));
    const left = x.getPixelForValue(from);
    const [top, bottom] = [within(y.getPixelForValue(max)), within(y.getPixelForValue(min))];
    ctx.save();
    ctx.strokeStyle = theme().foreground;
    ctx.lineWidth = 1;
    ctx.strokeRect(left, top, chartArea.right - left, Math.max(2, bottom - top));
    ctx.restore();
  }
}
