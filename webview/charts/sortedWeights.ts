import type { SortedWeights } from '../../src/extension/messages/columns.ts';
import { setText } from '../dom.ts';
import { exact, grouped, short } from '../format.ts';
import { Chart, stepAxis } from './chart.ts';
import { positionOf, unitName } from './columns.ts';
import { pointAt } from './crosshair.ts';
import type { Figure } from './figure.ts';
import { colourBar } from './heatMap.ts';
import { walkCellsWithKeys } from './keyboard.ts';
import { navigate, zoomOptions } from './navigation.ts';
import { theme, withTheme } from './theme.ts';
import type { Drawing, View } from './view.ts';

/** Chart.js hands points back as it got them: casts to this type rely on that. */
interface Cell {
  x: number;
  /** 0 for the largest weight of the step. */
  y: number;
  v: number;
  step: number;
}

/** The weights of single steps, each a column of cells from the largest down. */
export class SortedWeightsMap implements Drawing {
  readonly chart: Chart<'matrix', Cell[]>;
  readonly #figure: Figure;
  readonly #view: View;
  readonly #key = colourBar(0, '0', '1');
  #sorted: SortedWeights = { steps: [], weights: [] };
  /** The weight with the strongest colour. */
  #most = 1;

  constructor(figure: Figure, view: View) {
    this.#figure = figure;
    this.#view = view;
    this.chart = new Chart<'matrix', Cell[]>(figure.canvas, {
      type: 'matrix',
      data: {
        datasets: [
          {
            label: 'weight',
            data: [],
            anchorX: 'right',
            width: ({ dataIndex }) => this.#width(dataIndex),
            height: ({ chart }) => (chart.chartArea?.height ?? 0) / this.#ranks,
            backgroundColor: ({ dataset, dataIndex }) =>
              this.#colour((dataset.data[dataIndex] as Cell | undefined)?.v),
            borderWidth: 0,
          },
        ],
      },
      options: {
        interaction: { mode: 'nearest', axis: 'xy', intersect: true },
        scales: {
          x: { ...stepAxis(), offset: false },
          y: {
            type: 'linear',
            reverse: true,
            min: -0.5,
            title: { display: true, text: 'rank', padding: 2 },
            grid: { display: false },
            ticks: { callback: (tick) => Number(tick) + 1, maxTicksLimit: 8 },
            afterBuildTicks: (scale) => {
              const every = Math.ceil(this.#ranks / 8);
              scale.ticks = Array.from({ length: Math.ceil(this.#ranks / every) }, (_, i) => ({
                value: i * every,
              }));
            },
            afterFit: (scale) => {
              scale.width = 58;
            },
          },
        },
        plugins: {
          zoom: zoomOptions(view),
          tooltip: {
            callbacks: {
              title: ([item]) => `step ${grouped((item?.raw as Cell | undefined)?.step ?? 0)}`,
              label: ({ raw }) => wordsOf(raw as Cell),
              labelColor: ({ raw }) => {
                const colour = this.#colour((raw as Cell).v);
                return { borderColor: colour, backgroundColor: colour };
              },
            },
          },
        },
      },
    });
    figure.plot.after(this.#key);
    walkCellsWithKeys(this.chart, () => 1, figure.announcer);
    navigate(this.chart, view, this);
    view.add(this);
    figure.offer(this.chart, () => ({
      titles: ['step', ...Array.from({ length: this.#ranks }, (_, i) => `rank ${i + 1}`)],
      rows: this.#sorted.steps.map((step, i) => [step, ...this.#sorted.weights[i]!]),
    }));
    withTheme(() => this.chart.update('none'));
  }

  show(sorted: SortedWeights): void {
    this.#sorted = sorted;
    const largest = Math.max(...sorted.weights.flat());
    this.#most = largest > 0 ? largest : 1;
    setText(this.#key.lastElementChild!, short(this.#most));
    this.draw();
  }

  draw(): void {
    const { columns, state, range } = this.#view;
    const { steps, weights } = this.#sorted;
    const cells = steps.flatMap((step, i) => {
      const x = positionOf(step, columns, state.unit);
      return weights[i]!.map((v, y): Cell => ({ x, y, v, step }));
    });
    const { data } = this.chart.data.datasets[0]!;
    data.splice(0, data.length, ...cells);
    const [min, max] = range.map((step) => positionOf(step, columns, state.unit));
    const { x, y } = this.chart.options.scales ?? {};
    const title = { display: true, text: unitName(columns, state.unit), padding: 0 };
    if (x) Object.assign(x, { min, max, title });
    if (y) Object.assign(y, { max: this.#ranks - 0.5 });
    this.chart.update('none');
  }

  get note(): string {
    const [first, second] = this.#sorted.steps;
    const every = second === undefined ? 1 : second - first!;
    return every <= 1 ? '' : `One step in ${grouped(every)} is drawn.`;
  }

  point(step: number | null, isSource: boolean): void {
    const { columns, state } = this.#view;
    pointAt(this.chart, step === null ? null : positionOf(step, columns, state.unit));
    this.chart.draw();
    const at = step === null ? -1 : this.#sorted.steps.findIndex((one) => one >= step);
    const largest = this.#sorted.weights[at]?.[0];
    this.#figure.pointed(
      isSource || largest === undefined
        ? null
        : `step ${grouped(this.#sorted.steps[at]!)}: largest ${short(largest)}`,
    );
  }

  get #ranks(): number {
    return Math.max(1, ...this.#sorted.weights.map(({ length }) => length));
  }

  #colour(weight = 0): string {
    return theme().diverging(weight / this.#most);
  }

  /** From the step before. */
  #width(index: number): number {
    const { x } = this.chart?.scales ?? {};
    const cells = this.chart?.data.datasets[0]?.data;
    const cell = cells?.[index];
    if (!x || !cells || !cell) return 1;
    const { steps } = this.#sorted;
    const { columns, state } = this.#view;
    const before = steps[steps.indexOf(cell.step) - 1];
    const left = before === undefined ? 0 : positionOf(before, columns, state.unit);
    return Math.max(1, x.getPixelForValue(cell.x) - x.getPixelForValue(left) + 0.5);
  }
}

function wordsOf({ y, v }: Cell): string {
  return y === 0 ? `largest weight: ${exact(v)}` : `weight of rank ${y + 1}: ${exact(v)}`;
}
