import type { WeightsPoint } from '../../src/extension/messages/weights.ts';
import { AveragedSeries } from './averaging.ts';
import type { Figure } from './figure.ts';
import { TimeChart } from './timeChart.ts';

/** Most points drawn: closer together the areas cannot be told apart. */
const DRAWN = { full: 120, compact: 40 };

/** Weights of all groups over steps, as areas that fill 0…1; a skipped step, all weights zero, shows as a notch. */
export class WeightsArea {
  readonly #chart: TimeChart;
  readonly #limit: number;
  #series: AveragedSeries;

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
    this.append(points);
  }

  append(points: readonly WeightsPoint[]): void {
    const { from, points: drawn } = this.#series.push(
      // A group that is absent from a step takes no part of it.
      points.map(({ step, weights }) => ({ step, values: weights.map((weight) => weight ?? 0) })),
    );
    this.#chart.chart.data.datasets.forEach(({ data }, group) => {
      const fresh = drawn.map(({ step, values }) => ({ x: step, y: values[group]! }));
      data.splice(from, data.length - from, ...fresh);
    });
    this.#chart.update();
  }

  /** So many steps are averaged in a point. */
  get width(): number {
    return this.#series.width;
  }
}
