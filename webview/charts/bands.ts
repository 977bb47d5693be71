import type { ChartDataset, TooltipItem } from 'chart.js';
import type { AggregatorSeries } from '../../src/extension/messages/seedVariance.ts';
import { grouped, plural, short, withSpread } from '../format.ts';
import { keyOf, type Part, parts, smooth } from './bandParts.ts';
import { Chart, stepAxis, type XY } from './chart.ts';
import { positionOf, unitName } from './columns.ts';
import type { Figure } from './figure.ts';
import { walkWithKeys } from './keyboard.ts';
import { drawLegend } from './legend.ts';
import { navigate, zoomOptions } from './navigation.ts';
import { translucent } from './palette.ts';
import { dashOf, slotsOf } from './slots.ts';
import { theme, withTheme } from './theme.ts';
import type { Drawing, View } from './view.ts';

/** With more aggregators than this, bands and seeds would hide each other: they are faint until pointed at. */
const CROWD = 4;

/** Share of the steps that are shown at first: results vary less than all that was learned before. */
const LAST_PART = 0.5;
/** Most points of a mean that are marked: more would hide the line. */
const MARKED = 100;
/** Room above and below the values, as a share of their range. */
const ROOM = 0.06;

/** Chart.js hands datasets back as it got them: casts to this type rely on that. */
type Dataset = ChartDataset<'line', XY[]> & { part: Part };

/** A metric over steps: per aggregator the mean, a band of ± one standard deviation, and each seed thin behind. */
export class BandChart implements Drawing {
  readonly chart: Chart<'line', XY[]>;
  readonly #figure: Figure;
  readonly #view: View | undefined;
  readonly #noun: string;
  #series: readonly AggregatorSeries[] = [];
  #isFitted = true;
  /** The aggregator under the pointer or the focus, in the legend. */
  #pointed: string | undefined;

  /**
   * @param view whose steps, smoothing and axis are shown; without one, all steps or their last part
   * @param noun what the thin lines are
   */
  constructor(figure: Figure, { view, noun = 'seed' }: { view?: View; noun?: string } = {}) {
    this.#figure = figure;
    this.#noun = noun;
    this.#view = view;
    this.chart = new Chart<'line', XY[]>(figure.canvas, {
      type: 'line',
      data: { datasets: [] },
      options: {
        normalized: true,
        scales: {
          x: stepAxis(),
          y: {
            title: { display: true, text: '' },
            ticks: {
              callback: (tick) => short(Number(tick)),
              maxTicksLimit: 7,
              includeBounds: false,
            },
          },
        },
        plugins: {
          filler: { propagate: false, drawTime: 'beforeDatasetsDraw' },
          ...(view && { zoom: zoomOptions(view) }),
          tooltip: {
            filter: ({ dataset }) => (dataset as Dataset).part.kind === 'mean',
            callbacks: {
              title: ([item]) => this.#title(item?.parsed.x ?? 0),
              label: (item) => this.#label(item),
              labelColor: ({ dataset }) => {
                const colour = String(dataset.borderColor);
                return { borderColor: colour, backgroundColor: colour };
              },
            },
          },
        },
      },
    });
    figure.offer(this.chart, () => this.#sheet(), view);
    walkWithKeys(this.chart, figure.announcer);
    if (view) {
      navigate(this.chart, view, this);
      view.add(this);
    }
    withTheme(() => this.#paint());
  }

  /** Values and steps that the chart shows: those of the last part of the steps, or all. */
  get range(): { from: number; min: number; max: number } {
    return rangeOf(this.#series, this.#isFitted ? LAST_PART : 1);
  }

  /** Shows the last part of the steps in the range of its values, or all of them. */
  fit(isFitted: boolean): void {
    this.#isFitted = isFitted;
    this.#setRange();
    this.chart.update();
  }

  /** Draws what its view shows. */
  draw(): void {
    this.#fill();
    this.#paint();
  }

  /** It stands alone: no other chart points at its steps. */
  point(): void {}

  #setRange(): void {
    const { x, y } = this.chart.options.scales ?? {};
    if (!x || !y) return;
    if (!this.#view) {
      const { from, min, max } = this.range;
      Object.assign(x, { min: from });
      Object.assign(y, { min, max });
      return;
    }
    const [from, to] = this.#view.range.map((place) => this.#positionOf(place));
    const { columns, state } = this.#view;
    Object.assign(x, { title: { display: true, text: unitName(columns, state.unit), padding: 0 } });
    const { logarithmic, min, max } = this.#view.axisOf(this.#figure.canvas.id);
    Object.assign(x, { min: from, max: to });
    Object.assign(y, {
      type: logarithmic ? 'logarithmic' : 'linear',
      min: min ?? undefined,
      max: max ?? boundOf(this.#series),
    });
  }

  #sheet() {
    return {
      titles: [
        'aggregator',
        'seed',
        'step',
        'value',
        ...(this.#unit === 'step' ? [] : [this.#unitName]),
      ],
      rows: this.#series.flatMap(({ aggregator, seeds }) =>
        seeds.flatMap(({ seed, points }) =>
          points.map(({ step, value, at }) => [
            ...[aggregator, seed, step, value],
            ...(this.#unit === 'step' ? [] : [this.#positionOf(at ?? step)]),
          ]),
        ),
      ),
    };
  }

  /** Datasets are updated in place: those of parts that existed before stay the same objects. */
  show(metric: string, series: readonly AggregatorSeries[]): void {
    this.#series = series;
    const { y } = this.chart.options.scales ?? {};
    if (y) Object.assign(y, { title: { display: true, text: metric, padding: 2 } });
    this.draw();
  }

  #fill(): void {
    const smoothing = this.#view?.state.smoothing ?? 0;
    const old = new Map(
      (this.chart.data.datasets as Dataset[]).map((set) => [keyOf(set.part), set]),
    );
    const x = (point: { readonly step: number; readonly at?: number }) =>
      this.#positionOf(point.at ?? point.step);
    const drawn = this.#series.flatMap((series) => parts(series, x));
    this.chart.data.datasets = drawn.map((made) => {
      const part = made.kind === 'lost' ? made : { ...made, data: smooth(made.data, smoothing) };
      const previous = old.get(keyOf(part));
      if (!previous) return { part, label: part.label, data: part.data } as Dataset;
      previous.data.splice(0, previous.data.length, ...part.data);
      return previous;
    });
    this.#setRange();
  }

  #paint(): void {
    const { line, highContrast } = theme();
    const slots = slotsOf(this.#series.map(({ aggregator }) => aggregator));
    const colourOf = (aggregator: string) => line(slots.get(aggregator) ?? 0);
    const isCrowd = this.#series.length > CROWD;
    const datasets = this.chart.data.datasets as Dataset[];
    for (const set of datasets) {
      const { aggregator, kind } = set.part;
      const colour = colourOf(aggregator);
      const isBack =
        this.#pointed === undefined ? isCrowd && kind !== 'mean' : this.#pointed !== aggregator;
      const strength = isBack ? 0.3 : 1;
      set.borderColor = translucent(
        colour,
        strength * (kind === 'seed' ? (highContrast ? 0.6 : 0.4) : 1),
      );
      set.borderWidth = kind === 'low' || kind === 'high' ? 0 : kind === 'seed' ? 0.75 : 2.25;
      set.borderDash = kind === 'mean' ? [...dashOf(slots.get(aggregator) ?? 0)] : [];
      set.backgroundColor = translucent(colour, 0.2 * strength);
      if (kind === 'mean') this.#thin(set, translucent(colour, strength));
      else set.pointBackgroundColor = translucent(colour, strength);
      set.pointBorderColor = translucent(colour, strength);
      const isMarked = kind === 'mean' && set.data.length <= MARKED;
      set.pointRadius = kind === 'lost' ? 5 : isMarked ? 2 : 0;
      set.pointStyle = kind === 'lost' ? 'crossRot' : 'circle';
      set.pointBorderWidth = kind === 'lost' ? 2 : 1;
      set.order = kind === 'lost' ? -1 : 0;
      set.clip = kind === 'lost' ? 6 : 0;
      set.fill = kind === 'high' ? '+1' : false;
    }
    drawLegend(
      this.#figure.legend,
      this.chart,
      this.#series.map(({ aggregator, seeds }) => ({
        label: isCrowd ? aggregator : `${aggregator} (${plural(seeds.length, this.#noun)})`,
        colour: colourOf(aggregator),
        dash: dashOf(slots.get(aggregator) ?? 0),
        datasets: datasets.flatMap(({ part }, i) => (part.aggregator === aggregator ? [i] : [])),
      })),
      (place) => {
        this.#pointed = place === undefined ? undefined : this.#series[place]?.aggregator;
        this.#paint();
      },
    );
    // Updated as 'none', Chart.js would leave the points as they are.
    this.chart.update();
  }

  /** Whether some mean is over fewer seeds than that method has: those parts are dotted. */
  get isThin(): boolean {
    return this.#series.some((series) => thinPlaces(series).length > 0);
  }

  /** A mean over fewer seeds is another quantity: dotted, its points hollow. */
  #thin(set: Dataset, colour: string): void {
    const series = this.#series.find(({ aggregator }) => aggregator === set.part.aggregator);
    const thin = new Set(series && thinPlaces(series));
    set.segment = {
      borderDash: ({ p1DataIndex }) => (thin.has(p1DataIndex) ? [1, 4] : undefined),
    };
    const hollow = theme().background;
    // One colour, where all are alike: Chart.js then shares the points' options.
    set.pointBackgroundColor =
      thin.size === 0 ? colour : set.data.map((_, i) => (thin.has(i) ? hollow : colour));
  }

  get #unit() {
    return this.#view?.state.unit ?? 'step';
  }

  get #unitName(): string {
    return this.#view ? unitName(this.#view.columns, this.#unit) : 'step';
  }

  #positionOf(place: number): number {
    return this.#view ? positionOf(place, this.#view.columns, this.#unit) : place;
  }

  /** "step 1,200", "12.4 seconds of training". */
  #title(x: number): string {
    if (this.#unit === 'step') return `step ${grouped(x)}`;
    const value = this.#unit === 'examples' ? grouped(Math.round(x)) : short(x);
    return this.#unit === 'epoch' ? `epoch ${value}` : `${value} ${this.#unitName}`;
  }

  #label({ dataset, dataIndex, parsed }: TooltipItem<'line'>): string {
    const { aggregator } = (dataset as Dataset).part;
    const band = this.#series.find((series) => series.aggregator === aggregator)?.band;
    const point = band?.[dataIndex];
    const step = this.#unit === 'step' ? '' : `step ${grouped(point?.step ?? 0)}, `;
    return `${aggregator}: ${withSpread(parsed.y ?? Number.NaN, point?.std ?? null)} (${step}n = ${point?.n ?? 0})`;
  }
}

/** Places of a band at which fewer seeds are in the mean than at most. */
function thinPlaces({ band }: AggregatorSeries): number[] {
  const most = Math.max(...band.map(({ n }) => n));
  return band.flatMap(({ n }, place) => (n < most ? [place] : []));
}

/** 1, where only bands reach beyond it: of an accuracy, an axis to 1.2 would promise what cannot be. */
function boundOf(series: readonly AggregatorSeries[]): number | undefined {
  const values = series.flatMap(({ seeds }) =>
    seeds.flatMap(({ points }) => points.map(({ value }) => value ?? 0)),
  );
  const edges = series.flatMap(({ band }) => band.map(({ mean, std }) => mean + (std ?? 0)));
  return values.every((value) => value >= 0 && value <= 1) && edges.some((edge) => edge > 1)
    ? 1
    : undefined;
}

/** Of all values in the last `share` of the steps. */
function rangeOf(series: readonly AggregatorSeries[], share: number) {
  const steps = series.flatMap(({ band }) => band.slice(-1).map(({ step }) => step));
  const last = Math.max(0, ...steps);
  const from = share === 1 ? 0 : (1 - share) * last;
  const values = series.flatMap(({ seeds, band }) => [
    ...seeds.flatMap(({ points }) =>
      points.flatMap(({ step, value }) => (step >= from && value !== null ? [value] : [])),
    ),
    ...band.flatMap(({ step, mean, std }) =>
      step >= from ? [mean - (std ?? 0), mean + (std ?? 0)] : [],
    ),
  ]);
  const [min, max] = [Math.min(...values), Math.max(...values)];
  if (values.length === 0) return { from: 0, min: 0, max: 1 };
  const room = max > min ? ROOM * (max - min) : Math.max(1e-9, Math.abs(max) * ROOM);
  return { from, min: min - room, max: max + room };
}
