import type { Plugin } from 'chart.js';
import type { AggregatorSeries, SeedCurve } from '../../src/extension/messages/seedVariance.ts';
import { decimalsOf, short, shorten } from '../format.ts';
import { Chart, type XY } from './chart.ts';
import type { Figure } from './figure.ts';
import { walkWithKeys } from './keyboard.ts';
import { translucent } from './palette.ts';
import { slotsOf } from './slots.ts';
import { theme, withTheme } from './theme.ts';

/** Half of the width of a box, and how far seeds lie apart, where aggregators are 1 apart. */
const BOX = 0.3;
const SPREAD = 0.16;

interface Finals {
  readonly aggregator: string;
  readonly seeds: readonly { readonly seed: string; readonly value: number }[];
  /** Smallest, quartiles and largest; `null` without a value. */
  readonly box: readonly [number, number, number, number, number] | null;
  readonly lost: readonly SeedCurve[];
  /** Of the values; `null` for fewer than two. */
  readonly std: number | null;
}

/** Final values of each aggregator's seeds: a box from quartile to quartile, whiskers to the extremes, and every seed as a point. */
export class FinalsChart {
  readonly chart: Chart<'line', XY[]>;
  #finals: readonly Finals[] = [];
  #metric = '';

  constructor(figure: Figure) {
    const boxes: Plugin<'line'> = {
      id: 'boxes',
      beforeDatasetsDraw: (chart) => this.#drawBoxes(chart),
      afterDatasetsDraw: (chart) => this.#drawLost(chart),
    };
    this.chart = new Chart<'line', XY[]>(figure.canvas, {
      type: 'line',
      data: { datasets: [] },
      plugins: [boxes],
      options: {
        interaction: { mode: 'nearest', axis: 'xy', intersect: false },
        layout: { padding: { bottom: 2 } },
        scales: {
          x: {
            type: 'linear',
            min: -0.5,
            offset: false,
            grid: { display: false },
            afterBuildTicks: (scale) => {
              scale.ticks = this.#finals.map((_, value) => ({ value }));
            },
            ticks: {
              autoSkip: false,
              maxRotation: 60,
              callback: (tick) => shorten(this.#finals[Number(tick)]?.aggregator ?? '', 18),
            },
          },
          y: {
            ticks: {
              callback: (tick) => short(Number(tick)),
              maxTicksLimit: 7,
              includeBounds: false,
            },
          },
        },
        plugins: {
          tooltip: {
            callbacks: {
              title: ([item]) => this.#finals[item?.datasetIndex ?? -1]?.aggregator ?? '',
              label: ({ datasetIndex, dataIndex }) => {
                const of = this.#finals[datasetIndex]?.seeds[dataIndex];
                const { std = null } = this.#finals[datasetIndex] ?? {};
                return of ? `seed ${of.seed}: ${decimalsOf(std)(of.value)}` : '';
              },
            },
          },
        },
      },
    });
    figure.offer(this.chart, () => ({
      titles: ['aggregator', 'seed', `final ${this.#metric}`],
      rows: this.#finals.flatMap(({ aggregator, seeds, lost }) => [
        ...seeds.map(({ seed, value }) => [aggregator, seed, value]),
        ...lost.map(({ seed }) => [aggregator, seed, null]),
      ]),
    }));
    walkWithKeys(this.chart, figure.announcer);
    withTheme(() => this.#paint());
  }

  /** @param range of the vertical axis: that of the curves beside it */
  show(
    metric: string,
    series: readonly AggregatorSeries[],
    range: { min: number; max: number },
  ): void {
    this.#metric = metric;
    this.#finals = series.map(finalsOf);
    this.chart.data.datasets = this.#finals.map(({ aggregator, seeds }, x) => ({
      label: aggregator,
      data: seeds.map(({ value }, i) => ({ x: x + beside(i, seeds.length), y: value })),
      showLine: false,
      pointRadius: 3,
    }));
    const { x, y } = this.chart.options.scales ?? {};
    if (x) x.max = series.length - 0.5;
    if (y) Object.assign(y, range);
    this.#paint();
  }

  #paint(): void {
    this.chart.data.datasets.forEach((dataset, i) => {
      dataset.pointBackgroundColor = this.#colour(i);
      dataset.pointBorderColor = theme().background;
    });
    this.chart.update();
  }

  #colour(place: number): string {
    const slots = slotsOf(this.#finals.map(({ aggregator }) => aggregator));
    return theme().line(slots.get(this.#finals[place]?.aggregator ?? '') ?? 0);
  }

  #drawBoxes({ ctx, scales: { x, y } }: Pick<Chart<'line'>, 'ctx' | 'scales'>): void {
    if (!x || !y) return;
    ctx.save();
    ctx.lineWidth = 1.5;
    this.#finals.forEach(({ box }, i) => {
      if (!box) return;
      const [left, middle, right] = [i - BOX, i, i + BOX].map((at) => x.getPixelForValue(at));
      const [least, lower, median, upper, most] = box.map((value) => y.getPixelForValue(value));
      const colour = this.#colour(i);
      ctx.strokeStyle = colour;
      ctx.fillStyle = translucent(colour, 0.2);
      ctx.fillRect(left!, upper!, right! - left!, lower! - upper!);
      ctx.strokeRect(left!, upper!, right! - left!, lower! - upper!);
      ctx.beginPath();
      for (const [x1, y1, x2, y2] of [
        [left, median, right, median],
        [middle, least, middle, lower],
        [middle, upper, middle, most],
      ]) {
        ctx.moveTo(x1!, y1!);
        ctx.lineTo(x2!, y2!);
      }
      ctx.stroke();
    });
    ctx.restore();
  }

  /** How many seeds have no final value, at the foot of the chart. */
  #drawLost({
    ctx,
    chartArea,
    scales: { x },
  }: Pick<Chart<'line'>, 'ctx' | 'chartArea' | 'scales'>): void {
    if (!x) return;
    const { error, font } = theme();
    ctx.save();
    ctx.fillStyle = error;
    ctx.font = `bold ${font.size}px ${font.family}`;
    ctx.textAlign = 'center';
    ctx.textBaseline = 'bottom';
    this.#finals.forEach(({ lost }, i) => {
      if (lost.length === 0) return;
      ctx.fillText(`× ${lost.length}`, x.getPixelForValue(i), chartArea.bottom - 3);
    });
    ctx.restore();
  }
}

/** Seeds whose run failed, or whose last value is not finite. */
export function lostSeeds({ seeds }: Pick<AggregatorSeries, 'seeds'>): readonly SeedCurve[] {
  return seeds.filter(({ status, points }) => status === 'failed' || points.at(-1)?.value === null);
}

function finalsOf(of: AggregatorSeries): Finals {
  const lost = lostSeeds(of);
  const seeds = of.seeds.flatMap((curve) => {
    const value = curve.points.at(-1)?.value ?? null;
    const counts = curve.status === 'finished' && value !== null;
    return counts ? [{ seed: curve.seed, value }] : [];
  });
  const sorted = seeds.map(({ value }) => value).sort((a, b) => a - b);
  const at = (share: number) => quantile(sorted, share);
  const box = sorted.length === 0 ? null : ([at(0), at(0.25), at(0.5), at(0.75), at(1)] as const);
  return { aggregator: of.aggregator, seeds, box, lost, std: of.final?.std ?? null };
}

/** Of ascending values, in proportion between two of them (type 7 of Hyndman & Fan 1996). */
function quantile(sorted: readonly number[], share: number): number {
  const at = share * (sorted.length - 1);
  const [low, high] = [sorted[Math.floor(at)]!, sorted[Math.ceil(at)]!];
  return low + (at - Math.floor(at)) * (high - low);
}

function beside(place: number, count: number): number {
  return count === 1 ? 0 : SPREAD * ((2 * place) / (count - 1) - 1);
}
