import type { Plugin } from 'chart.js';
import { commonStart, exact, shorten } from '../format.ts';
import { Chart } from './chart.ts';
import type { Figure } from './figure.ts';
import { theme, withTheme } from './theme.ts';

/** Beyond so many groups a number does not fit its cell. */
const NUMBERED = 10;

interface Cell {
  x: number;
  y: number;
  /** Cosine; `null` where it is not defined. */
  v: number | null;
}

/** Cosines between groups, −1…1, as a k×k heat map. */
export class CosineChart {
  readonly chart: Chart<'matrix', Cell[]>;
  #names: readonly string[] = [];
  /** What all names begin with: written once, as the title of the axes. */
  #start = '';

  constructor(figure: Figure) {
    const axis = {
      type: 'linear' as const,
      offset: false,
      min: -0.5,
      grid: { display: false },
      border: { display: false },
      afterBuildTicks: (scale: { ticks: { value: number }[] }) => {
        scale.ticks = this.#names.map((_, value) => ({ value }));
      },
    };
    const name = (tick: string | number) =>
      shorten((this.#names[Number(tick)] ?? '').slice(this.#start.length), this.#nameLength());
    this.chart = new Chart<'matrix', Cell[]>(figure.canvas, {
      type: 'matrix',
      data: {
        datasets: [
          {
            label: 'cosine',
            data: [],
            width: ({ chart }) => cellSize(chart.chartArea?.width, this.#names.length),
            height: ({ chart }) => cellSize(chart.chartArea?.height, this.#names.length),
            backgroundColor: ({ dataset, dataIndex }) =>
              cellColour(dataset.data[dataIndex] as Cell),
            borderColor: () => theme().grid,
            borderWidth: 1,
          },
        ],
      },
      plugins: [numbersInCells],
      options: {
        interaction: { mode: 'nearest', axis: 'xy', intersect: true },
        scales: {
          x: {
            ...axis,
            position: 'bottom',
            ticks: { callback: name, autoSkip: true, minRotation: 45, maxRotation: 45 },
          },
          y: { ...axis, reverse: true, ticks: { callback: name, autoSkip: true } },
        },
        plugins: {
          tooltip: {
            callbacks: {
              title: ([item]) => this.#pair(item?.raw as Cell | undefined),
              label: ({ raw }) => `cosine: ${exact((raw as Cell).v)}`,
              labelColor: ({ raw }) => {
                const colour = cellColour(raw as Cell);
                return { borderColor: colour, backgroundColor: colour };
              },
            },
          },
        },
      },
    });
    withTheme(() => this.chart.update('none'));
  }

  /** @param cosines k×k; cells are patched where the groups are the same as before. */
  show(names: readonly string[], cosines: readonly (readonly (number | null)[])[]): void {
    const { data } = this.chart.data.datasets[0]!;
    if (names.length !== this.#names.length) {
      data.splice(
        0,
        data.length,
        ...names.flatMap((_, y) => names.map((_, x) => ({ x, y, v: null }))),
      );
      const { x, y } = this.chart.options.scales ?? {};
      if (x) x.max = names.length - 0.5;
      if (y) y.max = names.length - 0.5;
    }
    this.#names = names;
    this.#start = commonStart(names);
    for (const scale of [this.chart.options.scales?.x, this.chart.options.scales?.y]) {
      const title = {
        display: this.#start !== '',
        text: this.#start.replace(/[\s:_-]+$/, ''),
        padding: 2,
      };
      if (scale) Object.assign(scale, { title });
    }
    const { x } = this.chart.options.scales ?? {};
    const rotation = this.#start === '' ? 45 : 0;
    if (x?.ticks) Object.assign(x.ticks, { minRotation: rotation, maxRotation: rotation });
    for (const cell of data) cell.v = cosines[cell.y]?.[cell.x] ?? null;
    this.chart.update('none');
  }

  #pair(cell: Cell | undefined): string {
    return cell ? `${this.#names[cell.y]} · ${this.#names[cell.x]}` : '';
  }

  #nameLength(): number {
    return this.chart.width < 360 ? 8 : 14;
  }
}

function cellSize(side = 0, count: number): number {
  return Math.max(1, side / Math.max(1, count) - 1);
}

function cellColour(cell: Cell | undefined): string {
  return cell === undefined || cell.v === null ? theme().background : theme().cosine(cell.v);
}

const numbersInCells: Plugin<'matrix'> = {
  id: 'numbersInCells',
  afterDatasetsDraw(chart) {
    const cells = (chart.data.datasets[0]?.data ?? []) as Cell[];
    if (cells.length > NUMBERED ** 2) return;
    const { ctx } = chart;
    const { font, textOn } = theme();
    const room = chart.chartArea.width / Math.sqrt(cells.length);
    ctx.save();
    ctx.font = `${Math.min(font.size, room / 2.8)}px ${font.family}`;
    ctx.textAlign = 'center';
    ctx.textBaseline = 'middle';
    chart.getDatasetMeta(0).data.forEach((element, i) => {
      const cell = cells[i];
      if (!cell) return;
      const { x, y } = element.tooltipPosition(true);
      ctx.fillStyle = textOn(cellColour(cell));
      ctx.fillText(inCell(cell.v), x ?? 0, y ?? 0);
    });
    ctx.restore();
  },
};

/** Two decimals without the leading zero: "−.37" fits where "−0.37" does not. */
function inCell(value: number | null): string {
  if (value === null) return '–';
  const rounded = Number(value.toFixed(2)) + 0;
  return rounded
    .toFixed(2)
    .replace(/^(-?)0\./, '$1.')
    .replace('-', '−');
}
