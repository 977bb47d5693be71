import type { Plugin } from 'chart.js';
import type { FinalResult } from '../../src/extension/messages/seedVariance.ts';
import { exact, short, shorten } from '../format.ts';
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
  readonly seeds: readonly (FinalResult & { readonly value: number })[];
  /** Smallest, quartiles and largest; `null` without a value. */
  readonly box: readonly [number, number, number, number, number] | null;
  /** Runs that failed without a value. */
  readonly lost: readonly FinalResult[];
  /** How many failed runs have no place on the axis. */
  readonly outside: number;
}

/** Final values of each aggregator's seeds: a box from quartile to quartile, whiskers to the extremes, a point for every seed, × where it failed. */
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
                return of
                  ? `seed ${of.seed}: ${exact(of.value)}${of.failed ? ', failed' : ''}`
                  : '';
              },
            },
          },
        },
      },
    });
    figure.offer(this.chart, () => ({
      titles: ['aggregator', 'seed', `final ${this.#metric}`, 'failed'],
      rows: this.#finals.flatMap(({ seeds, lost }) =>
        [...seeds, ...lost].map(({ aggregator, seed, value, failed }) => [
          ...[aggregator, seed, value],
          failed ? 'yes' : 'no',
        ]),
      ),
    }));
    walkWithKeys(this.chart, figure.announcer);
    withTheme(() => this.#paint());
  }

  /**
   * @param aggregators in the order in which they stand side by side
   * @param range of the vertical axis: that of the curves beside it
   */
  show(
    metric: string,
    aggregators: readonly string[],
    results: readonly FinalResult[],
    range: { min: number; max: number },
  ): void {
    this.#metric = metric;
    this.#finals = aggregators.map((aggregator) =>
      finalsOf(
        aggregator,
        results.filter((result) => result.aggregator === aggregator),
        range,
      ),
    );
    this.chart.data.datasets = this.#finals.map(({ aggregator, seeds }, x) => ({
      label: aggregator,
      data: seeds.map(({ value }, i) => ({ x: x + beside(i, seeds.length), y: value })),
      showLine: false,
      pointRadius: seeds.map(({ failed }) => (failed ? 5 : 3)),
      pointStyle: seeds.map(({ failed }) => (failed ? 'crossRot' : 'circle')),
    }));
    const { x, y } = this.chart.options.scales ?? {};
    if (x) x.max = aggregators.length - 0.5;
    if (y) Object.assign(y, range);
    this.#paint();
  }

  #paint(): void {
    this.chart.data.datasets.forEach((dataset, i) => {
      const { background, error } = theme();
      const seeds = this.#finals[i]?.seeds ?? [];
      dataset.pointBackgroundColor = this.#colour(i);
      dataset.pointBorderColor = seeds.map(({ failed }) => (failed ? error : background));
      dataset.pointBorderWidth = seeds.map(({ failed }) => (failed ? 2 : 1));
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

  /** How many failed seeds are not on the axis, at the foot of the chart. */
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
    this.#finals.forEach(({ outside }, i) => {
      if (outside === 0) return;
      ctx.fillText(`× ${outside}`, x.getPixelForValue(i), chartArea.bottom - 3);
    });
    ctx.restore();
  }
}

function finalsOf(
  aggregator: string,
  results: readonly FinalResult[],
  { min, max }: { min: number; max: number },
): Finals {
  const seeds = results.flatMap((result) =>
    result.value === null ? [] : [{ ...result, value: result.value }],
  );
  const lost = results.filter(({ value }) => value === null);
  const sorted = seeds.map(({ value }) => value).sort((a, b) => a - b);
  const at = (share: number) => quantile(sorted, share);
  const box = sorted.length === 0 ? null : ([at(0), at(0.25), at(0.5), at(0.75), at(1)] as const);
  const isInside = (value: number | null) => value !== null && min <= value && value <= max;
  const outside = results.filter(({ failed, value }) => failed && !isInside(value)).length;
  return { aggregator, seeds, box, lost, outside };
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
