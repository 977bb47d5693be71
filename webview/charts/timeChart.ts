import type { ChartDataset } from 'chart.js';
import type { Column, Columns, SeriesName } from '../../src/extension/messages/columns.ts';
import type { MetricPoint } from '../../src/extension/messages/points.ts';
import type { Sheet } from '../export/sheet.ts';
import { exact, grouped } from '../format.ts';
import { withAlarms } from './alarmMarks.ts';
import { type Axis, Chart, type XY } from './chart.ts';
import {
  coarsened,
  columnOf,
  positionOf,
  positions,
  smoothed,
  stepAt,
  unitName,
} from './columns.ts';
import { pointAt } from './crosshair.ts';
import { setEnvelope } from './envelopes.ts';
import type { Figure } from './figure.ts';
import { walkWithKeys } from './keyboard.ts';
import { drawLegend, type LegendEntry } from './legend.ts';
import { navigate } from './navigation.ts';
import { translucent } from './palette.ts';
import { type Theme, theme, withTheme } from './theme.ts';
import { type TimeChartSpec, timeOptions } from './timeOptions.ts';
import type { Drawing, View } from './view.ts';

export interface Series {
  readonly label: string;
  /** Series with the same name here share an entry of the legend; default: the label, for each its own. */
  readonly legend?: string;
  readonly colour: (theme: Theme) => string;
  /** What is drawn of each column; without it, points of its own. */
  readonly of?: SeriesName | ((columns: Columns) => Column | undefined);
  /** Default: left. */
  readonly axis?: 'left' | 'right';
  /** Pixels drawn and left out alternately. */
  readonly dash?: readonly number[];
  /** Sampled in some steps only: a point for each sample, with a line from one to the next. */
  readonly isSampled?: boolean;
  /** Whether the range of a column is drawn behind its mean; default: yes. */
  readonly hasRange?: boolean;
  /** The area between zero and values below it is shaded. */
  readonly shadedBelowZero?: boolean;
  /** Single marks, without a line between them; or a line with a mark at each point. */
  readonly marks?: 'alone' | 'on line';
}

export type Stacking = 'whole' | 'sum' | 'none';

/** Most areas that a short chart has a legend for. */
const NAMED = 4;

/** Most values of a step that a caption has room for. */
const CAPTIONED = 3;

/** Quantities over the steps that its view shows, as lines or stacked areas. */
export class TimeChart implements Drawing {
  readonly chart: Chart<'line', XY[]>;
  readonly #figure: Figure;
  readonly #spec: TimeChartSpec;
  readonly #view: View;
  #series: readonly Series[] = [];
  #own = new Map<number, readonly MetricPoint[]>();
  #stacking: Stacking;
  #isStepped = false;
  /** Of the left axis, as far as the user has not set it. */
  #range: Partial<Pick<Axis, 'min' | 'max' | 'suggestedMin'>>;
  /** What is drawn: fewer columns than the view has where they are areas. */
  #columns: Columns;

  /** @param isShown whether it is worth drawing; default: always */
  constructor(figure: Figure, spec: TimeChartSpec, view: View, isShown?: () => boolean) {
    this.#figure = figure;
    this.#spec = spec;
    this.#view = view;
    this.#columns = view.columns;
    this.#stacking = spec.areas ? 'whole' : 'none';
    this.#range = rangeOf(spec.left);
    this.chart = new Chart<'line', XY[]>(figure.canvas, {
      type: 'line',
      data: { datasets: [] },
      options: timeOptions(spec, view, figure.compact, {
        title: (dataset, index) => this.#title(dataset, index),
        value: (dataset, index) => this.#value(dataset, index),
      }),
    });
    const positionOfStep = (step: number) => positionOf(step, view.columns, view.state.unit);
    withAlarms(this.chart, positionOfStep);
    walkWithKeys(this.chart, figure.announcer, (x) =>
      view.point(x === null ? null : stepAt(x, view.columns, view.state.unit), this),
    );
    navigate(this.chart, view, this);
    view.add(this, isShown);
    figure.offer(this.chart, () => this.#sheet(), view);
    withTheme(() => this.repaint());
  }

  /** A dataset with the same index and label is reused, so that it stays hidden if the user has hidden it. */
  setSeries(series: readonly Series[]): void {
    const old = this.chart.data.datasets;
    this.#series = series;
    this.#own.clear();
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
  setStacking(stacking: Stacking): void {
    if (stacking === this.#stacking) return;
    this.#stacking = stacking;
    const { min } = this.#spec.left;
    const range = {
      whole: rangeOf(this.#spec.left),
      sum: { ...(min !== undefined && { min }) },
      none: { suggestedMin: 0 },
    }[stacking];
    this.#range = range;
    Object.assign(this.chart.options.scales?.left ?? {}, { stacked: stacking !== 'none' });
    this.#setAxis();
    this.repaint();
  }

  /** Areas that change at once between steps, rather than in wedges: for groups that are absent from some. */
  setStepped(isStepped: boolean): void {
    if (isStepped === this.#isStepped) return;
    this.#isStepped = isStepped;
    this.repaint();
  }

  /** The points of a series that is not drawn from columns; drawn with the next `draw`. */
  setPoints(place: number, points: readonly MetricPoint[]): void {
    this.#own.set(place, points);
  }

  /** Steps in a column that is drawn. */
  get bucket(): number {
    return this.#columns.bucket;
  }

  /** Whether any series has a value. */
  get isMeasured(): boolean {
    return this.chart.data.datasets.some(({ data }) => data.some(({ y }) => y !== null));
  }

  draw(): void {
    const { columns, state } = this.#view;
    const { areas } = this.#spec;
    this.#columns = areas && this.#stacking !== 'none' ? coarsened(columns, areas) : columns;
    const x = positions(this.#columns, state.unit);
    let isOther = false;
    this.chart.data.datasets.forEach((dataset, i) => {
      const series = this.#series[i]!;
      if (series.of === undefined) this.#fillOwn(dataset, i);
      else this.#fill(dataset, series, x);
      const radius = radiusOf(series, dataset.data.length);
      isOther ||= radius !== dataset.pointRadius;
      dataset.pointRadius = radius;
    });
    this.#setRange();
    this.#setAxis();
    // Updated as 'none', Chart.js would leave the points as they are.
    this.chart.update(isOther ? undefined : 'none');
  }

  point(step: number | null, isSource: boolean): void {
    const at = step === null ? -1 : columnOf(step, this.#columns);
    const x = positions(this.#columns, this.#view.state.unit)[at];
    pointAt(this.chart, x ?? null);
    this.chart.draw();
    this.#figure.pointed(x === undefined || isSource ? null : this.#caption(at));
  }

  #fill(dataset: ChartDataset<'line', XY[]>, series: Series, x: Float64Array): void {
    const column = columnFor(series, this.#columns);
    const { smoothing } = this.#view.state;
    const isLine = this.#stacking === 'none' && series.marks === undefined;
    const isSmooth = isLine && smoothing > 0;
    const y = column && (isSmooth ? smoothed(column.mean, smoothing) : column.mean);
    const fresh = Array.from(x, (at, i) => ({ x: at, y: finite(y?.[i]) }));
    dataset.data.splice(0, dataset.data.length, ...fresh);
    const marked = series.of === 'loss';
    setEnvelope(
      dataset,
      column && isLine && series.hasRange !== false
        ? { ...column, x, marked, ...(isSmooth && { raw: column.mean }) }
        : null,
    );
  }

  #fillOwn(dataset: ChartDataset<'line', XY[]>, place: number): void {
    const { columns, state } = this.#view;
    const points = this.#own.get(place) ?? [];
    const fresh = points.map(({ step, value }) => ({
      x: positionOf(step, columns, state.unit),
      y: value,
    }));
    dataset.data.splice(0, dataset.data.length, ...fresh);
    const none = new Float64Array(points.length).fill(Number.NaN);
    const nonFinite = Float64Array.from(points, ({ value }) => Number(value === null));
    const x = fresh.map((point) => point.x);
    setEnvelope(dataset, { x, min: none, max: none, nonFinite, marked: true });
  }

  #setRange(): void {
    const { columns, state, range } = this.#view;
    const [min, max] = range.map((step) => positionOf(step, columns, state.unit));
    const scale = this.chart.options.scales?.x ?? {};
    const name = unitName(columns, state.unit);
    Object.assign(scale, { min, max });
    Object.assign(scale, { title: { display: !this.#figure.compact, text: name, padding: 0 } });
  }

  /** The left axis, as the user wants it. */
  #setAxis(): void {
    const { logarithmic, min, max } = this.#view.axisOf(this.#figure.canvas.id);
    const own = this.#range;
    // A logarithm has no zero.
    const least = logarithmic && !((own.min ?? 0) > 0) ? undefined : own.min;
    Object.assign(this.chart.options.scales?.left ?? {}, {
      type: logarithmic ? 'logarithmic' : 'linear',
      min: min ?? least,
      max: max ?? own.max,
      suggestedMin: logarithmic ? undefined : own.suggestedMin,
    });
  }

  /** What is drawn, with the range of each column where it has several steps. */
  #sheet(): Sheet {
    const { columns } = this.#view;
    const { first, last, bucket } = columns;
    const isExact = bucket === 1;
    const drawn = this.#series.flatMap((series) => {
      const column = columnFor(series, columns);
      return column && series.marks === undefined ? [{ label: series.label, column }] : [];
    });
    return {
      titles: [
        ...(isExact ? ['step'] : ['first step', 'last step']),
        ...drawn.flatMap(({ label }) =>
          isExact ? [label] : [`${label}, mean`, `${label}, smallest`, `${label}, largest`],
        ),
      ],
      rows: Array.from(last, (step, i) => [
        ...(isExact ? [step] : [first[i]!, step]),
        ...drawn.flatMap(({ column: { mean, min, max } }) =>
          (isExact ? [mean] : [mean, min, max]).map((values) => finite(values[i])),
        ),
      ]),
    };
  }

  #title(place: number, index: number): string {
    const own = this.#own.get(place)?.[index];
    const [first, last] = own
      ? [own.step, own.step]
      : [this.#columns.first[index], this.#columns.last[index]];
    return first === last
      ? `step ${grouped(first!)}`
      : `steps ${grouped(first!)} to ${grouped(last!)}`;
  }

  /** A value, and between which values the steps of its column are. */
  #value(place: number, index: number): string {
    const write = this.#spec.value ?? exact;
    const series = this.#series[place]!;
    const column = columnFor(series, this.#columns);
    if (!column) return write(this.#own.get(place)?.[index]?.value ?? null);
    const [min, max, mean] = [column.min[index]!, column.max[index]!, column.mean[index]!];
    const lost = column.nonFinite[index]!;
    const range = min < max ? ` (${write(min)} … ${write(max)})` : '';
    const { bucket } = this.#columns;
    const failed = lost === 0 ? '' : bucket === 1 ? ' not finite' : `; ${lost} not finite`;
    return `${write(finite(mean))}${range}${failed}`;
  }

  #caption(index: number): string {
    const shown = this.#series.flatMap(({ of, label }, i) =>
      of !== undefined && this.chart.isDatasetVisible(i) ? [{ label, i }] : [],
    );
    const values = shown.map(({ label, i }) =>
      shown.length === 1 ? this.#value(i, index) : `${label} ${this.#value(i, index)}`,
    );
    const title = this.#title(-1, index);
    return values.length > CAPTIONED ? title : `${title}: ${values.join(', ')}`;
  }

  #dataset(series: Series): ChartDataset<'line', XY[]> {
    const { label, axis = 'left', dash = [], marks, isSampled = false } = series;
    return {
      label,
      data: [],
      yAxisID: axis,
      borderDash: [...dash],
      showLine: marks !== 'alone',
      spanGaps: isSampled,
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
    const { compact } = this.#figure;
    this.chart.data.datasets.forEach((dataset, i) => {
      const { colour: colourIn, shadedBelowZero } = this.#series[i]!;
      const colour = colourIn(current);
      // A line of the background's colour separates the areas, for eyes that cannot tell their hues.
      dataset.stepped = stacked && this.#isStepped ? 'middle' : false;
      dataset.borderColor = stacked ? current.background : colour;
      const line = current.highContrast ? 2 : 1.5;
      dataset.borderWidth = stacked ? (compact ? 0.25 : 0.5) : line;
      dataset.backgroundColor = stacked ? colour : translucent(colour, 0.2);
      dataset.pointBackgroundColor = colour;
      dataset.pointBorderColor = colour;
      dataset.pointBorderWidth = 1.5;
      if (stacked) dataset.fill = i === 0 ? 'origin' : '-1';
      else dataset.fill = shadedBelowZero ? belowZero(translucent(colour, 0.4)) : false;
    });
    const entries = [...new Set(this.#series.map(nameOf))].map((label): LegendEntry => {
      const datasets = this.#series.flatMap((one, i) => (nameOf(one) === label ? [i] : []));
      const { dash, marks, colour } = this.#series[datasets[0]!]!;
      return {
        label,
        look: marks === 'alone' ? 'crosses' : stacked ? 'area' : 'line',
        ...(dash && { dash }),
        colour: colour(current),
        datasets,
      };
    });
    // A legend of groups would take a strip's height; its tooltips name the groups, in the colours of the weights panel.
    if (stacked && compact && entries.length > NAMED) this.#figure.legend.hidden = true;
    else drawLegend(this.#figure.legend, this.chart, entries);
    // Updated as 'none', Chart.js would leave the points as they are.
    this.chart.update();
  }
}

function nameOf({ label, legend = label }: Series): string {
  return legend;
}

function columnFor({ of }: Series, columns: Columns): Column | undefined {
  return typeof of === 'function' ? of(columns) : of && columns.series[of];
}

function finite(value: number | undefined): number | null {
  return value !== undefined && Number.isFinite(value) ? value : null;
}

function rangeOf({ min, max, suggestedMin }: Axis): Pick<Axis, 'min' | 'max' | 'suggestedMin'> {
  return {
    ...(min !== undefined && { min }),
    ...(max !== undefined && { max }),
    ...(suggestedMin !== undefined && { suggestedMin }),
  };
}

/** One point makes no line: it is shown as a point. */
function radiusOf({ marks, isSampled }: Series, points: number): number {
  if (marks === 'alone') return 3.5;
  return marks === 'on line' || isSampled || points === 1 ? 2 : 0;
}

function belowZero(colour: string) {
  return { target: { value: 0 }, above: 'transparent', below: colour };
}
