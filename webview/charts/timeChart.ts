import type { ChartDataset } from 'chart.js';
import type { Columns } from '../../src/extension/messages/columns.ts';
import type { MetricPoint } from '../../src/extension/messages/points.ts';
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
import { drawLegend } from './legend.ts';
import { navigate } from './navigation.ts';
import { Readings } from './readings.ts';
import { columnFor, datasetOf, finite, legendOf, paint, radiusOf, type Series } from './series.ts';
import { theme, withTheme } from './theme.ts';
import { type TimeChartSpec, timeOptions } from './timeOptions.ts';
import type { Drawing, View } from './view.ts';

export type Stacking = 'whole' | 'sum' | 'none';

/** Most areas that a short chart has a legend for. */
const NAMED = 4;

/** Quantities over the steps that its view shows, as lines or stacked areas. */
export class TimeChart implements Drawing {
  readonly chart: Chart<'line', XY[]>;
  readonly #figure: Figure;
  readonly #spec: TimeChartSpec;
  readonly #view: View;
  readonly #readings: Readings;
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
    this.#readings = new Readings(
      () => ({ columns: this.#columns, series: this.#series, own: this.#own }),
      spec.value,
    );
    this.chart = new Chart<'line', XY[]>(figure.canvas, {
      type: 'line',
      data: { datasets: [] },
      options: timeOptions(spec, view, figure.compact, {
        title: (dataset, index) => this.#readings.title(dataset, index),
        value: (dataset, index) => this.#readings.value(dataset, index),
      }),
    });
    const positionOfStep = (step: number) => positionOf(step, view.columns, view.state.unit);
    withAlarms(this.chart, positionOfStep);
    walkWithKeys(this.chart, figure.announcer, (x) =>
      view.point(x === null ? null : stepAt(x, view.columns, view.state.unit), this),
    );
    navigate(this.chart, view, this);
    view.add(this, isShown);
    figure.offer(this.chart, () => this.#readings.sheet(view.columns), view);
    withTheme(() => this.repaint());
  }

  /** A dataset with the same index and label is reused, so that it stays hidden if the user has hidden it. */
  setSeries(series: readonly Series[]): void {
    const old = this.chart.data.datasets;
    this.#series = series;
    this.#own.clear();
    this.chart.data.datasets = series.map((entry, i) => {
      const previous = old[i];
      return previous?.label === entry.label ? previous : datasetOf(entry);
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

  #caption(index: number): string {
    return this.#readings.caption(index, (place) => this.chart.isDatasetVisible(place));
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

  /** Colours every series again. */
  repaint(): void {
    const current = theme();
    const { compact, legend } = this.#figure;
    const stacked = this.#stacking !== 'none';
    const stepped = stacked && this.#isStepped;
    this.chart.data.datasets.forEach((dataset, i) => {
      paint(dataset, this.#series[i]!, { theme: current, stacked, stepped, compact, place: i });
    });
    const entries = legendOf(this.#series, current, stacked);
    // A legend of groups would take a strip's height; its tooltips name the groups, in the colours of the weights panel.
    if (stacked && compact && entries.length > NAMED) legend.hidden = true;
    else drawLegend(legend, this.chart, entries);
    // Updated as 'none', Chart.js would leave the points as they are.
    this.chart.update();
  }
}

function rangeOf({ min, max, suggestedMin }: Axis): Pick<Axis, 'min' | 'max' | 'suggestedMin'> {
  return {
    ...(min !== undefined && { min }),
    ...(max !== undefined && { max }),
    ...(suggestedMin !== undefined && { suggestedMin }),
  };
}
