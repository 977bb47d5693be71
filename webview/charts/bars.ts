import type { Plugin } from 'chart.js';
import { exact, short, shorten } from '../format.ts';
import { Chart } from './chart.ts';
import type { Figure } from './figure.ts';
import { walkWithKeys } from './keyboard.ts';
import { theme, withTheme } from './theme.ts';

/** The most bars that have their number beside them. */
const NUMBERED = 32;
const NAME_LENGTH = 14;
/** Pixels of a bar with its number, and of the axis below. */
const BAR = 17;
const AXES = 48;

export interface Bar {
  readonly name: string;
  readonly value: number | null;
}

/** One horizontal bar per group, from zero to either side, in the group's colour if groups last, with its value beside it. */
export class BarChart {
  readonly chart: Chart<'bar', (number | null)[], string>;
  readonly #plot: HTMLElement;
  #names: readonly string[] = [];
  #bars: readonly Bar[] = [];
  #areLasting = true;

  constructor(figure: Figure, quantity: string) {
    this.#plot = figure.plot;
    this.chart = new Chart<'bar', (number | null)[], string>(figure.canvas, {
      type: 'bar',
      data: {
        labels: [],
        datasets: [{ label: quantity, data: [], barPercentage: 0.9, categoryPercentage: 0.9 }],
      },
      plugins: [valuesBesideBars],
      options: {
        indexAxis: 'y',
        interaction: { mode: 'nearest', axis: 'y' },
        layout: { padding: { right: 44 } },
        scales: {
          x: {
            beginAtZero: true,
            title: { display: true, text: quantity, padding: 0 },
            ticks: { maxTicksLimit: 6, callback: (tick) => short(Number(tick)) },
            grid: { color: ({ tick }) => (tick?.value === 0 ? theme().muted : theme().grid) },
          },
          y: {
            grid: { display: false },
            ticks: {
              autoSkip: true,
              callback: (_, index) => shorten(this.#names[index] ?? '', NAME_LENGTH),
            },
          },
        },
        plugins: {
          tooltip: {
            callbacks: {
              title: ([item]) => this.#names[item?.dataIndex ?? -1] ?? '',
              label: ({ parsed }) => `${quantity}: ${exact(parsed.x)}`,
            },
          },
        },
      },
    });
    figure.offer(this.chart, () => ({
      titles: ['group', quantity],
      rows: this.#bars.map(({ name, value }) => [name, value]),
    }));
    walkWithKeys(this.chart, figure.announcer);
    withTheme(() => this.#paint());
  }

  /** @param areLasting whether the groups are the same in every step: others have no colour of their own */
  show(bars: readonly Bar[], areLasting: boolean): void {
    this.#bars = bars;
    this.#areLasting = areLasting;
    this.#names = bars.map(({ name }) => name);
    this.#plot.style.minHeight = `${AXES + BAR * Math.min(bars.length, NUMBERED)}px`;
    this.chart.data.labels = [...this.#names];
    const { data } = this.chart.data.datasets[0]!;
    data.splice(0, data.length, ...bars.map(({ value }) => value));
    this.#paint();
  }

  #paint(): void {
    const { groups, muted } = theme();
    const colours = this.#areLasting ? groups(this.#names.length) : muted;
    this.chart.data.datasets[0]!.backgroundColor = colours;
    this.chart.update('none');
  }
}

const valuesBesideBars: Plugin<'bar'> = {
  id: 'valuesBesideBars',
  afterDatasetsDraw(chart) {
    const { ctx } = chart;
    const bars = chart.getDatasetMeta(0).data;
    if (bars.length > NUMBERED) return;
    const { foreground, font } = theme();
    ctx.save();
    ctx.fillStyle = foreground;
    ctx.font = `${font.size}px ${font.family}`;
    ctx.textBaseline = 'middle';
    const zero = chart.scales.x?.getPixelForValue(0) ?? chart.chartArea.left;
    bars.forEach(({ x, y }, i) => {
      const value = chart.data.datasets[0]?.data[i] as number | null;
      ctx.fillText(
        value === null ? 'absent' : value.toFixed(3).replace('-', '−'),
        (value === null ? zero : Math.max(x, zero)) + 4,
        y,
      );
    });
    ctx.restore();
  },
};
