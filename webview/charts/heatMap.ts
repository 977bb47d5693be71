import type { Plugin } from 'chart.js';
import { MatrixElement } from 'chartjs-chart-matrix';
import { h } from '../dom.ts';
import type { Sheet } from '../export/sheet.ts';
import { commonStart, exact, percent, shorten } from '../format.ts';
import { Chart } from './chart.ts';
import type { Figure } from './figure.ts';
import { walkCellsWithKeys } from './keyboard.ts';
import { theme, withTheme } from './theme.ts';

/** Smallest cell, in pixels, that contains its number. */
const NUMBERED = { width: 30, height: 14 };

/** Rows of cells; `null` where there is no value. */
export interface Grid {
  readonly rows: readonly string[];
  readonly columns: readonly string[];
  /** As many lists as rows, each as long as columns. */
  readonly values: readonly (readonly (number | null)[])[];
  /** −1…1, for the colours; by default the values. */
  readonly strengths?: readonly (readonly (number | null)[])[];
  /** A share of each row, written at its right end. */
  readonly shares?: readonly (number | null)[];
}

/** Chart.js hands points back as it got them: casts to this type rely on that. */
interface Cell {
  x: number;
  y: number;
  v: number | null;
  /** −1…1. */
  strength: number | null;
}

export interface HeatMapSpec {
  /** Name of the cells' quantity. */
  readonly quantity: string;
  /** Name of the rows' share; without it there is none. */
  readonly share?: string;
  /** Least number of characters for names of rows. */
  readonly rowNames?: number;
  /** What is written into a cell; by default two decimals. */
  readonly inCell?: (value: number) => string;
}

/** Numbers as a table of coloured cells. */
export class HeatMap {
  readonly chart: Chart<'matrix', Cell[]>;
  readonly #spec: HeatMapSpec;
  #grid: Grid = { rows: [], columns: [], values: [] };

  constructor(figure: Figure, spec: HeatMapSpec) {
    this.#spec = spec;
    const rows = () => this.#grid.rows;
    const columns = () => this.#grid.columns;
    const { quantity, share, rowNames = 0 } = spec;
    this.chart = new Chart<'matrix', Cell[]>(figure.canvas, {
      type: 'matrix',
      data: {
        datasets: [
          {
            label: quantity,
            data: [],
            width: ({ chart }) => cellSize(chart.chartArea?.width, columns().length),
            height: ({ chart }) => cellSize(chart.chartArea?.height, rows().length),
            backgroundColor: ({ dataset, dataIndex }) =>
              cellColour(dataset.data[dataIndex] as Cell),
            borderColor: () => theme().grid,
            borderWidth: 1,
          },
        ],
      },
      plugins: [numbersInCells(spec.inCell ?? inCell)],
      options: {
        interaction: { mode: 'nearest', axis: 'xy', intersect: true },
        scales: {
          x: {
            ...axis(columns),
            position: 'bottom',
            ticks: { callback: this.#naming(columns, () => this.#length()), autoSkip: true },
          },
          y: {
            ...axis(rows),
            reverse: true,
            ticks: {
              callback: this.#naming(rows, () => Math.max(rowNames, this.#length())),
              autoSkip: true,
            },
          },
          ...(share && {
            share: {
              ...axis(rows),
              position: 'right',
              reverse: true,
              ticks: {
                callback: (tick) => percent(this.#grid.shares?.[Number(tick)] ?? null),
                autoSkip: true,
              },
            },
          }),
        },
        plugins: {
          tooltip: {
            callbacks: {
              title: ([item]) => this.#place(item?.raw as Cell | undefined),
              label: ({ raw }) => this.#words(raw as Cell),
              labelColor: ({ raw }) => {
                const colour = cellColour(raw as Cell);
                return { borderColor: colour, backgroundColor: colour };
              },
            },
          },
        },
      },
    });
    figure.offer(this.chart, () => this.#sheet());
    walkCellsWithKeys(this.chart, () => columns().length, figure.announcer);
    withTheme(() => this.chart.update('none'));
  }

  /** Cells are updated in place if there are as many as before. */
  show(grid: Grid): void {
    const { rows, columns, values } = grid;
    const { data } = this.chart.data.datasets[0]!;
    if (rows.length !== this.#grid.rows.length || columns.length !== this.#grid.columns.length) {
      const cells = rows.flatMap((_, y) =>
        columns.map((_, x) => ({ x, y, v: null, strength: null })),
      );
      data.splice(0, data.length, ...cells);
    }
    this.#grid = grid;
    const { x, y, share } = this.chart.options.scales ?? {};
    for (const [scale, names] of [
      [x, columns],
      [y, rows],
      [share, rows],
    ] as const) {
      if (scale) scale.max = names.length - 0.5;
    }
    for (const [scale, names] of [
      [x, columns],
      [y, rows],
    ] as const) {
      // The common start of all names is written once, as the title of the axis.
      const start = commonStart(names);
      const title = { display: start !== '', text: start.replace(/[\s:_-]+$/, ''), padding: 2 };
      if (scale) Object.assign(scale, { title });
    }
    const rotation = commonStart(columns) === '' ? 45 : 0;
    if (x?.ticks) Object.assign(x.ticks, { minRotation: rotation, maxRotation: rotation });
    for (const cell of data) {
      cell.v = values[cell.y]?.[cell.x] ?? null;
      cell.strength = (grid.strengths ?? values)[cell.y]?.[cell.x] ?? null;
    }
    this.chart.update('none');
  }

  #sheet(): Sheet {
    const { rows, columns, values, shares } = this.#grid;
    const { share } = this.#spec;
    return {
      titles: ['', ...(share ? [share] : []), ...columns],
      rows: rows.map((name, i) => [
        name,
        ...(share ? [shares?.[i] ?? null] : []),
        ...(values[i] ?? []),
      ]),
    };
  }

  #naming(names: () => readonly string[], length: () => number) {
    return (tick: string | number) =>
      shorten((names()[Number(tick)] ?? '').slice(commonStart(names()).length), length());
  }

  #length(): number {
    const { width } = this.chart;
    return width < 360 ? 8 : width < 640 ? 14 : 28;
  }

  #place(cell: Cell | undefined): string {
    return cell ? `${this.#grid.rows[cell.y]} · ${this.#grid.columns[cell.x]}` : '';
  }

  #words({ y, v }: Cell): string {
    const { quantity, share, inCell: written } = this.#spec;
    const ofRow = share ? `; ${share}: ${percent(this.#grid.shares?.[y] ?? null)}` : '';
    const value = v === null || !written ? exact(v) : written(v);
    return `${quantity}: ${value}${ofRow}`;
  }
}

/** Colour stops of the key's gradient. */
const STOPS = 8;

/** The key to the colours of a heat map. @param from −1, or 0 for values that are never negative */
export function colourBar(from: -1 | 0, least: string, most: string): HTMLElement {
  const bar = h('span', { class: 'colour-bar' });
  withTheme((theme) => {
    const stops = Array.from({ length: STOPS + 1 }, (_, i) =>
      theme.diverging(from + ((1 - from) * i) / STOPS),
    );
    bar.style.background = `linear-gradient(to right, ${stops.join(', ')})`;
  });
  return h('p', { class: 'colour-key' }, h('span', {}, least), bar, h('span', {}, most));
}

function axis(names: () => readonly string[]) {
  return {
    type: 'linear' as const,
    offset: false,
    min: -0.5,
    grid: { display: false },
    border: { display: false },
    afterBuildTicks: (scale: { ticks: { value: number }[] }) => {
      scale.ticks = names().map((_, value) => ({ value }));
    },
  };
}

function cellSize(side = 0, count: number): number {
  return Math.max(1, side / Math.max(1, count) - 1);
}

function cellColour(cell: Cell | undefined): string {
  if (cell === undefined || cell.strength === null) return theme().background;
  return theme().diverging(cell.strength);
}

const numbersInCells = (written: (value: number) => string): Plugin<'matrix'> => ({
  id: 'numbersInCells',
  afterDatasetsDraw(chart) {
    const cells = (chart.data.datasets[0]?.data ?? []) as Cell[];
    const elements = chart.getDatasetMeta(0).data.filter((it) => it instanceof MatrixElement);
    const { width = 0, height = 0 } = elements[0] ?? {};
    if (width < NUMBERED.width || height < NUMBERED.height) return;
    const { ctx } = chart;
    const { font, textOn } = theme();
    ctx.save();
    ctx.font = `${Math.min(font.size, width / 2.8)}px ${font.family}`;
    ctx.textAlign = 'center';
    ctx.textBaseline = 'middle';
    elements.forEach((element, i) => {
      const cell = cells[i];
      if (!cell) return;
      const { x, y } = element.getCenterPoint(true);
      ctx.fillStyle = textOn(cellColour(cell));
      ctx.fillText(cell.v === null ? '–' : written(cell.v), x, y);
    });
    ctx.restore();
  },
});

/** Two decimals without the leading zero: "−.37" fits where "−0.37" does not. */
function inCell(value: number): string {
  const rounded = Number(value.toFixed(2)) + 0;
  return rounded
    .toFixed(2)
    .replace(/^(-?)0\./, '$1.')
    .replace('-', '−');
}
