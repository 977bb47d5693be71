import type { ConflictPoint } from '../../src/extension/messages/points.ts';
import type { RunHeader } from '../../src/extension/messages/run.ts';
import { percent } from '../format.ts';
import type { Figure } from './figure.ts';
import { type Feed, type Series, TimeChart, type TimeChartSpec } from './timeChart.ts';

interface Line extends Series {
  readonly y: (point: ConflictPoint) => number | null;
}

/** A chart of conflict points, as the conflict panel and the metrics view draw it. */
export class ConflictLines {
  readonly #chart: TimeChart;
  readonly #linesOf: (run: RunHeader) => readonly Line[];
  #lines: readonly Line[] = [];
  #feed: Feed<ConflictPoint> | undefined;
  #isMeasured = false;

  private constructor(
    figure: Figure,
    spec: TimeChartSpec,
    linesOf: (run: RunHeader) => readonly Line[],
  ) {
    this.#chart = new TimeChart(figure, spec);
    this.#linesOf = linesOf;
  }

  /** How much the groups' gradients conflict, and with how many groups the plain mean would, and the actual update does. */
  static rates(figure: Figure): ConflictLines {
    const spec = { left: { title: 'share', min: 0, max: 1, format: percent }, value: percent };
    const label = (full: string, compact: string) => (figure.compact ? compact : full);
    return new ConflictLines(figure, spec, () => [
      {
        label: label('pairs in conflict', 'pairs'),
        colour: (theme) => theme.accent,
        y: (point) => point.conflictRate,
      },
      {
        label: label('groups in conflict with the mean', 'mean'),
        colour: (theme) => theme.aggregator('mean'),
        y: (point) => point.meanConflictRate,
      },
      {
        label: label('groups in conflict with the update', 'update'),
        colour: (theme) => theme.foreground,
        dash: [4, 2],
        y: (point) => point.updateConflictsWith,
      },
    ]);
  }

  static normRatio(figure: Figure): ConflictLines {
    const spec = { left: { title: 'ratio', min: 0, suggestedMax: 1 } };
    return new ConflictLines(figure, spec, ({ aggregator }) => [
      {
        label: '‖d‖ / ‖ḡ‖',
        colour: (theme) => theme.aggregator(aggregator),
        y: (point) => point.normRatio,
      },
    ]);
  }

  /** Below zero, where the step conflicts with a group, the area is shaded; crosses mark violations of the guarantee. */
  static minCosine(figure: Figure): ConflictLines {
    const spec = { left: { title: 'cosine', suggestedMin: 0, suggestedMax: 0.05 } };
    return new ConflictLines(figure, spec, ({ aggregator, method, smoothing }) => [
      {
        label: figure.compact ? 'cosine' : 'smallest cosine',
        colour: (theme) => theme.aggregator(aggregator),
        shadedBelowZero: true,
        y: (point) => point.minCosine,
      },
      ...(method?.nonConflicting && smoothing === 0
        ? [
            {
              label: 'guarantee violated',
              colour: (theme) => theme.error,
              marks: 'alone',
              y: (point) => (point.guarantee === 'violated' ? point.minCosine : null),
            } satisfies Line,
          ]
        : []),
    ]);
  }

  show(run: RunHeader, points: readonly ConflictPoint[]): void {
    this.#lines = this.#linesOf(run);
    this.#chart.setSeries(this.#lines);
    this.#feed = this.#chart.feed(...this.#lines.map(({ y }, i) => [i, y] as const));
    this.#isMeasured = false;
    this.append(points);
  }

  append(points: readonly ConflictPoint[]): void {
    this.#isMeasured ||= points.some((point) => this.#lines.some(({ y }) => y(point) !== null));
    this.#feed?.push(points);
    this.#chart.update();
  }

  get stride(): number {
    return this.#feed?.stride ?? 1;
  }

  /** Whether there is anything to draw so far. */
  get isMeasured(): boolean {
    return this.#isMeasured;
  }
}
