import type { WeightsPoint } from '../../src/extension/messages/weights.ts';
import { AveragedSeries } from './averaging.ts';
import type { Figure } from './figure.ts';
import { TimeChart } from './timeChart.ts';

/** Most points drawn: closer together the areas cannot be told apart. */
const DRAWN = { full: 120, compact: 40 };

/** How far the sum of float32 weights may be from 1. */
const SLACK = 1e-6;

/**
 * Weights of all groups over steps. As long as they are shares of a step they are areas that fill 0…1, a skipped step, all
 * weights zero, being a notch; from the first step on whose weights are none they are lines, in whatever range they have.
 * Steps without weights leave a gap.
 */
export class WeightsArea {
  readonly #chart: TimeChart;
  readonly #limit: number;
  #series: AveragedSeries;
  #areShares = true;
  #isMeasured = false;

  constructor(figure: Figure) {
    this.#chart = new TimeChart(figure, {
      left: { title: 'weight', min: 0, max: 1 },
      stacked: true,
    });
    this.#limit = figure.compact ? DRAWN.compact : DRAWN.full;
    this.#series = new AveragedSeries(this.#limit);
  }

  show(groupNames: readonly string[], points: readonly WeightsPoint[]): void {
    this.#chart.setSeries(
      groupNames.map((label, group) => ({
        label,
        colour: (theme) => theme.groups(groupNames.length)[group]!,
      })),
    );
    for (const { data } of this.#chart.chart.data.datasets) data.length = 0;
    this.#series = new AveragedSeries(this.#limit);
    this.#areShares = true;
    this.#isMeasured = false;
    this.append(points);
  }

  append(points: readonly WeightsPoint[]): void {
    const { from, points: drawn } = this.#series.push(points.map(valuesOf));
    this.#chart.chart.data.datasets.forEach(({ data }, group) => {
      const fresh = drawn.map(({ step, values }) => {
        const y = values[group]!;
        return { x: step, y: Number.isNaN(y) ? null : y };
      });
      data.splice(from, data.length - from, ...fresh);
    });
    this.#areShares &&= points.every(({ weights }) => areShares(weights));
    this.#isMeasured ||= points.some(({ weights }) => isKnown(weights));
    this.#chart.setStacked(this.#areShares);
    this.#chart.update();
  }

  /** So many steps are averaged in a point. */
  get width(): number {
    return this.#series.width;
  }

  /** Whether the weights of every step so far were shares of it: not negative, their sum 1. */
  get areShares(): boolean {
    return this.#areShares;
  }

  /** Whether any step so far had weights. */
  get isMeasured(): boolean {
    return this.#isMeasured;
  }
}

/** Whether the step had weights at all. */
export function isKnown(weights: WeightsPoint['weights']): boolean {
  return weights.some((weight) => weight !== null);
}

/** A group that is absent from a step takes no part of it. */
export function sumOf(weights: WeightsPoint['weights']): number {
  return weights.reduce<number>((sum, weight) => sum + (weight ?? 0), 0);
}

function areShares(weights: WeightsPoint['weights']): boolean {
  if (weights.some((weight) => (weight ?? 0) < -SLACK)) return false;
  const isSkipped = weights.every((weight) => !weight);
  return isSkipped || Math.abs(sumOf(weights) - 1) <= SLACK;
}

function valuesOf({ step, weights }: WeightsPoint) {
  const absent = isKnown(weights) ? 0 : Number.NaN;
  return { step, values: weights.map((weight) => weight ?? absent) };
}
