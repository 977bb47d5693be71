import type { ChartDataset, Plugin } from 'chart.js';
import type { Scatter } from '../../src/extension/messages/predictions.ts';
import type { Announcer } from '../announcer.ts';
import { Chart, type XY } from '../charts/chart.ts';
import { Figure } from '../charts/figure.ts';
import { walkWithKeys } from '../charts/keyboard.ts';
import { translucent } from '../charts/palette.ts';
import { theme, withTheme } from '../charts/theme.ts';
import { exact, grouped, plural, short } from '../format.ts';

type Points = Scatter['points'];

/** Predicted values against their targets. On the line they are equal; a click or Enter opens an example. */
export class ScatterView {
  readonly figure: Figure;
  readonly #chart: Chart<'line', XY[]>;
  readonly #onOpen: (index: number) => void;
  #points: Points = [];
  #square = 0;

  constructor(announcer: Announcer, onOpen: (index: number) => void) {
    this.#onOpen = onOpen;
    this.figure = new Figure({
      id: 'scatter',
      title: 'Predictions against targets',
      help: 'A point for each example, or for each small square with some. On the line, prediction and target are equal.',
      announcer,
    });
    this.#chart = this.#create();
    this.figure.offer(this.#chart, () => ({
      titles: ['target', 'prediction', 'examples', 'row'],
      rows: this.#points.map((it) => [it.target, it.prediction, it.examples, it.index]),
    }));
    walkWithKeys(this.#chart, announcer);
    this.figure.canvas.addEventListener('keydown', ({ key }) => {
      if (key === 'Enter') this.#open();
    });
    withTheme(() => this.#paint());
  }

  show({ points, square }: Scatter, seeds: number): void {
    // In the order of their targets arrow keys walk along the axis.
    this.#points = points.toSorted((a, b) => a.target - b.target || a.prediction - b.prediction);
    this.#square = square;
    this.#chart.data.datasets[0]!.data = this.#points.map(({ target, prediction }) => ({
      x: target,
      y: prediction,
    }));
    const of = seeds === 1 ? '' : `Means over ${seeds} seeds. `;
    const what =
      square === 0
        ? 'A point for each example.'
        : 'A square for each place with examples, the stronger the more there are.';
    this.figure.note(`${of}${what} On the line, prediction and target are equal.`);
    const examples = points.reduce((sum, it) => sum + it.examples, 0);
    this.figure.now(`${grouped(examples)} examples`);
    this.#paint();
  }

  #create(): Chart<'line', XY[]> {
    const axis = (text: string) => ({
      type: 'linear' as const,
      title: { display: true, text, padding: 2 },
      ticks: { callback: (tick: string | number) => short(Number(tick)), maxTicksLimit: 7 },
    });
    return new Chart<'line', XY[]>(this.figure.canvas, {
      type: 'line',
      data: { datasets: [{ label: 'prediction', data: [], showLine: false }] },
      plugins: [diagonal],
      options: {
        interaction: { mode: 'nearest', axis: 'xy', intersect: false },
        scales: { x: axis('target'), y: axis('prediction') },
        onClick: () => this.#open(),
        plugins: {
          tooltip: {
            filter: (_, place) => place === 0,
            callbacks: {
              title: ([item]) => this.#titleOf(this.#points[item?.dataIndex ?? -1]),
              label: ({ dataIndex }) => {
                const it = this.#points[dataIndex];
                return it ? `target ${exact(it.target)}; prediction ${exact(it.prediction)}` : '';
              },
            },
          },
        },
      },
    });
  }

  #titleOf(point: Points[number] | undefined): string {
    if (!point) return '';
    return point.examples === 1
      ? `row ${grouped(point.index)}`
      : `${plural(point.examples, 'example')}, the worst in row ${grouped(point.index)}`;
  }

  /** The example under the pointer, or that the keys have walked to. */
  #open(): void {
    const point = this.#points[this.#chart.tooltip?.dataPoints?.[0]?.dataIndex ?? -1];
    if (point) this.#onOpen(point.index);
  }

  #paint(): void {
    const { accent } = theme();
    const most = Math.log(Math.max(2, ...this.#points.map(({ examples }) => examples)));
    const strength = ({ examples }: Points[number]) => 0.6 + 0.4 * (Math.log(examples) / most);
    const colours = this.#points.map((point) => translucent(accent, strength(point)));
    const dataset = this.#chart.data.datasets[0] as ChartDataset<'line', XY[]>;
    dataset.pointStyle = this.#square === 0 ? 'circle' : 'rect';
    dataset.pointRadius = 3;
    dataset.pointBackgroundColor = colours;
    dataset.pointBorderWidth = 0;
    this.#chart.update();
  }
}

/** Where prediction and target are equal. */
const diagonal: Plugin<'line'> = {
  id: 'diagonal',
  beforeDatasetsDraw({ ctx, scales: { x, y } }) {
    if (!x || !y) return;
    const [from, to] = [Math.max(x.min, y.min), Math.min(x.max, y.max)];
    if (from >= to) return;
    ctx.save();
    ctx.strokeStyle = theme().muted;
    ctx.lineWidth = 1;
    ctx.beginPath();
    ctx.moveTo(x.getPixelForValue(from), y.getPixelForValue(from));
    ctx.lineTo(x.getPixelForValue(to), y.getPixelForValue(to));
    ctx.stroke();
    ctx.restore();
  },
};
