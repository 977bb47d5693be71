import type { ConflictPoint } from '../../src/extension/messages/conflict.ts';
import { percent } from '../format.ts';
import type { Feed } from './feed.ts';
import type { Figure } from './figure.ts';
import { TimeChart } from './timeChart.ts';

/** A chart of conflict points: how to draw them is decided once, for the panel and the bottom view. */
export class ConflictLines {
  readonly #chart: TimeChart;
  readonly #columns: readonly (readonly [number, (point: ConflictPoint) => number | null])[];
  #feed: Feed<ConflictPoint> | undefined;

  private constructor(chart: TimeChart, ...values: ((point: ConflictPoint) => number | null)[]) {
    this.#chart = chart;
    this.#columns = values.map((value, i) => [i, value] as const);
  }

  /** How much the groups disagree, whatever the aggregator: both shares are facts of the gradients. */
  static rates(figure: Figure): ConflictLines {
    const chart = new TimeChart(figure, {
      left: { title: 'share', min: 0, max: 1, format: percent },
      value: percent,
    });
    chart.setSeries([
      { label: figure.compact ? 'pairs' : 'pairs in conflict', colour: (theme) => theme.accent },
      {
        label: figure.compact ? 'mean against' : 'groups the mean would step against',
        colour: (theme) => theme.aggregator('mean'),
      },
    ]);
    return new ConflictLines(
      chart,
      (point) => point.conflictRate,
      (point) => point.meanConflictRate,
    );
  }

  static normRatio(figure: Figure, aggregator: () => string): ConflictLines {
    const chart = new TimeChart(figure, { left: { title: 'ratio', min: 0, suggestedMax: 1 } });
    chart.setSeries([{ label: '‖g*‖ / ‖ḡ‖', colour: (theme) => theme.aggregator(aggregator()) }]);
    return new ConflictLines(chart, (point) => point.normRatio);
  }

  static minCosine(figure: Figure, aggregator: () => string): ConflictLines {
    const chart = new TimeChart(figure, {
      left: { title: 'cosine', suggestedMin: 0, suggestedMax: 0.05 },
    });
    chart.setSeries([
      {
        label: figure.compact ? 'cosine' : 'smallest cosine',
        colour: (theme) => theme.aggregator(aggregator()),
      },
      { label: 'not certified', colour: (theme) => theme.error, marks: 'alone' },
    ]);
    return new ConflictLines(
      chart,
      (point) => point.minCosine,
      (point) => (point.certified === false ? point.minCosine : null),
    );
  }

  show(points: readonly ConflictPoint[]): void {
    this.#feed = this.#chart.feed(...this.#columns);
    this.#chart.repaint();
    this.append(points);
  }

  append(points: readonly ConflictPoint[]): void {
    this.#feed?.push(points);
    this.#chart.update();
  }

  get stride(): number {
    return this.#feed?.stride ?? 1;
  }
}
