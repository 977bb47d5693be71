import type { ChartDataset, ChartOptions, TooltipItem } from 'chart.js';
import { exact } from '../format.ts';
import { type Axis, Chart, stepAxis, valueAxis, type XY } from './chart.ts';
import type { Figure } from './figure.ts';
import { walkWithKeys } from './keyboard.ts';
import { drawLegend, type LegendEntry } from './legend.ts';
import { translucent } from './palette.ts';
import { type Theme, theme, withTheme } from './theme.ts';
import { ThinnedSeries } from './thinning.ts';

export interface Series {
  readonly label: string;
  readonly colour: (theme: Theme) => string;
  /** Default: left. */
  readonly axis?: 'left' | 'right';
  /** Pixels drawn and left out alternately. */
  readonly dash?: readonly number[];
  /** The area between zero and values below it is shaded. */
  readonly shadedBelowZero?: boolean;
  /** Single marks, without a line between them; or a line with a mark at each point. */
  readonly marks?: 'alone' | 'on line';
}

export interface TimeChartSpec {
  readonly left: Axis;
  readonly right?: Axis;
  /** Series are parts of a whole: drawn as stacked areas until `setStacking`. */
  readonly stacked?: boolean;
  /** How a value is written in tooltips; default: six significant digits. */
  readonly value?: (value: number | null) => string;
}

/** Most points drawn of one series; more than a screen has columns of pixels. */
const DRAWN = 1500;

/** Most lines of a tooltip. */
const LISTED = 18;

/** Quantities over steps, as lines or stacked areas, growing at their right end. */
export class TimeChart {
  readonly chart: Chart<'line', XY[]>;
  readonly #figure: Figure;
  readonly #spec: TimeChartSpec;
  #series: readonly Series[] = [];
  #stacking: 'whole' | 'sum' | 'none';

  constructor(figure: Figure, spec: TimeChartSpec) {
    this.#figure = figure;
    this.#spec = spec;
    this.#stacking = spec.stacked ? 'whole' : 'none';
    this.chart = new Chart<'line', XY[]>(figure.canvas, {
      type: 'line',
      data: { datasets: [] },
      options: options(spec, figure.compact),
    });
    walkWithKeys(this.chart, figure.announcer);
    withTheme(() => this.repaint());
  }

  /** A dataset with the same index and label is reused, so that it stays hidden if the user has hidden it. */
  setSeries(series: readonly Series[]): void {
    const old = this.chart.data.datasets;
    this.#series = series;
    this.chart.data.datasets = series.map((entry, i) => {
      const previous = old[i];
      return previous?.label === entry.label ? previous : this.#dataset(entry);
    });
    this.repaint();
  }

  /** Takes effect with the next update. */
  setAxis(side: 'left' | 'right', change: Partial<Pick<Axis, 'title' | 'suggestedMax'>>): void {
    const { title, ...range } = change;
    const scale = this.chart.options.scales?.[side];
    if (!scale) return;
    Object.assign(scale, range);
    if (title !== undefined) {
      Object.assign(scale, { title: { display: !this.#figure.compact, text: title, padding: 2 } });
    }
  }

  /** Areas in the range of the spec, areas in the range of their sum, or lines in the range of their values. */
  setStacking(stacking: 'whole' | 'sum' | 'none'): void {
    if (stacking === this.#stacking) return;
    this.#stacking = stacking;
    const { min, max } = this.#spec.left;
    const range = {
      whole: { min, max },
      sum: { min, max: undefined },
      none: { min: undefined, max: undefined, suggestedMin: 0 },
    }[stacking];
    const scale = this.chart.options.scales?.left ?? {};
    Object.assign(scale, { ...range, stacked: stacking !== 'none' });
    this.repaint();
  }

  /** An empty feed into the series with the given indices; their data is cleared. */
  feed<T extends { readonly step: number }>(
    ...values: readonly (readonly [series: number, y: (point: T) => number | null])[]
  ): Feed<T> {
    return new Feed<T>(
      values.map(([place, y]) => ({ data: this.chart.data.datasets[place]!.data, y })),
    );
  }

  update(): void {
    let isOther = false;
    this.chart.data.datasets.forEach((dataset, i) => {
      const radius = radiusOf(this.#series[i]!, dataset.data.length);
      isOther ||= radius !== dataset.pointRadius;
      dataset.pointRadius = radius;
    });
    // Updated as 'none', Chart.js would leave the points as they are.
    this.chart.update(isOther ? undefined : 'none');
  }

  #dataset(series: Series): ChartDataset<'line', XY[]> {
    const { label, axis = 'left', dash = [], marks } = series;
    return {
      label,
      data: [],
      yAxisID: axis,
      borderDash: [...dash],
      showLine: marks !== 'alone',
      pointRadius: radiusOf(series, 0),
      pointStyle: marks === 'alone' ? 'crossRot' : 'circle',
      // Single marks are drawn on top.
      order: marks === 'alone' ? -1 : 0,
    };
  }

  /** Colours every series again. */
  repaint(): void {
    const current = theme();
    const stacked = this.#stacking !== 'none';
    const { datasets } = this.chart.data;
    datasets.forEach((dataset, i) => {
      const { colour: colourIn, shadedBelowZero } = this.#series[i]!;
      const colour = colourIn(current);
      // A line of the background's colour separates the areas, for eyes that cannot tell their hues.
      dataset.borderColor = stacked ? current.background : colour;
      dataset.borderWidth = stacked
        ? this.#figure.compact
          ? 0.25
          : 0.5
        : current.highContrast
          ? 2
          : 1.5;
      dataset.backgroundColor = stacked ? colour : translucent(colour, 0.2);
      dataset.pointBackgroundColor = colour;
      dataset.pointBorderColor = colour;
      dataset.pointBorderWidth = 1.5;
      if (stacked) dataset.fill = i === 0 ? 'origin' : '-1';
      else dataset.fill = shadedBelowZero ? belowZero(translucent(colour, 0.4)) : false;
    });
    const entries: LegendEntry[] = this.#series.map(({ label, dash, marks, colour }, i) => ({
      label,
      look: marks === 'alone' ? 'crosses' : stacked ? 'area' : 'line',
      ...(dash && { dash }),
      colour: colour(current),
      datasets: [i],
    }));
    // A legend of groups would take a strip's height; its tooltips name the groups, in the colours of the weights panel.
    if (this.#spec.stacked && this.#figure.compact) this.#figure.legend.hidden = true;
    else drawLegend(this.#figure.legend, this.chart, entries);
    // Updated as 'none', Chart.js would leave the points as they are.
    this.chart.update();
  }
}

/** One point makes no line: it is shown as a point. */
function radiusOf({ marks }: Series, points: number): number {
  if (marks === 'alone') return 3.5;
  return marks === 'on line' || points === 1 ? 2 : 0;
}

function belowZero(colour: string) {
  return { target: { value: 0 }, above: 'transparent', below: colour };
}

interface Column<T> {
  /** The data array of a dataset; Chart.js notices what is pushed into it. */
  readonly data: XY[];
  readonly y: (point: T) => number | null;
}

/** Appends steps to the data arrays of a chart, thinned if there are too many. */
export class Feed<T extends { readonly step: number }> {
  readonly #columns: readonly Column<T>[];
  #series = new ThinnedSeries<T>(DRAWN);

  constructor(columns: readonly Column<T>[]) {
    this.#columns = columns;
    for (const { data } of columns) data.splice(0, data.length);
  }

  push(points: readonly T[]): void {
    const patch = this.#series.push(points);
    for (const { data, y } of this.#columns) {
      const fresh = patch.points.map((point) => ({ x: point.step, y: y(point) }));
      data.splice(patch.from, data.length - patch.from, ...fresh);
    }
  }

  /** Every `stride`-th step is drawn. */
  get stride(): number {
    return this.#series.stride;
  }
}

function options(spec: TimeChartSpec, compact: boolean): ChartOptions<'line'> {
  const { left, right, stacked = false, value = exact } = spec;
  return {
    normalized: true,
    scales: {
      x: stepAxis(compact),
      left: { ...valueAxis(left, 'left', compact), stacked },
      ...(right ? { right: valueAxis(right, 'right', compact) } : {}),
    },
    plugins: {
      filler: { propagate: true, drawTime: 'beforeDatasetDraw' },
      tooltip: {
        filter: (item, _index, items) => isListed(item, items),
        callbacks: {
          title: ([item]) => `step ${item?.parsed.x ?? ''}`,
          label: ({ dataset, parsed }: TooltipItem<'line'>) =>
            `${dataset.label}: ${value(parsed.y)}`,
          labelColor: ({ dataset }) => {
            const colour = String(dataset.pointBackgroundColor);
            return { borderColor: colour, backgroundColor: colour };
          },
        },
      },
    },
  };
}

/** The largest values, where there are more than a tooltip has lines. */
function isListed(item: TooltipItem<'line'>, items: readonly TooltipItem<'line'>[]): boolean {
  const { y } = item.parsed;
  if (y === null) return false;
  return items.filter((other) => (other.parsed.y ?? Number.NEGATIVE_INFINITY) > y).length < LISTED;
}
