import type { Column, Columns } from '../../src/extension/messages/columns.ts';
import type { RunHeader } from '../../src/extension/messages/run.ts';
import { percent, percentTick } from '../format.ts';
import type { Figure } from './figure.ts';
import type { Series } from './series.ts';
import { TimeChart } from './timeChart.ts';
import type { TimeChartSpec } from './timeOptions.ts';
import type { View } from './view.ts';

/** A chart of conflict over steps, as the conflict panel and the metrics view draw it. */
export class ConflictLines {
  readonly #chart: TimeChart;
  readonly #seriesOf: (run: RunHeader) => readonly Series[];

  private constructor(
    figure: Figure,
    spec: TimeChartSpec,
    view: View,
    seriesOf: (run: RunHeader) => readonly Series[],
  ) {
    this.#chart = new TimeChart(figure, spec, view);
    this.#seriesOf = seriesOf;
  }

  /** How much the groups' gradients conflict, and with how many groups the plain mean would, and the actual update does. */
  static rates(figure: Figure, view: View): ConflictLines {
    const spec = { left: { title: 'share', min: 0, max: 1, format: percentTick }, value: percent };
    const label = (full: string, compact: string) => (figure.compact ? compact : full);
    return new ConflictLines(figure, spec, view, () => [
      {
        label: label('pairs in conflict', 'pairs'),
        colour: (theme) => theme.accent,
        of: 'conflictRate',
      },
      {
        label: label('groups in conflict with the mean', 'mean'),
        colour: (theme) => theme.mean,
        dash: [2, 2],
        of: 'meanConflict',
      },
      {
        label: label('groups in conflict with the update', 'update'),
        colour: (theme) => theme.foreground,
        of: 'updateConflict',
      },
    ]);
  }

  static normRatio(figure: Figure, view: View): ConflictLines {
    const spec = { left: { title: 'ratio', min: 0, suggestedMax: 1 } };
    return new ConflictLines(figure, spec, view, () => [
      {
        label: '‖d‖ / ‖ḡ‖',
        colour: (theme) => theme.foreground,
        of: 'normRatio',
      },
    ]);
  }

  /** Below zero, where the step conflicts with a group, the area is shaded; crosses mark violations of the guarantee. */
  static minCosine(figure: Figure, view: View): ConflictLines {
    const spec = { left: { title: 'cosine', suggestedMin: 0, suggestedMax: 0.05 } };
    return new ConflictLines(figure, spec, view, ({ method, smoothing }) => [
      {
        label: figure.compact ? 'cosine' : 'smallest cosine',
        colour: (theme) => theme.foreground,
        shadedBelowZero: true,
        of: 'minCosine',
      },
      ...(method?.nonConflicting && smoothing === 0
        ? [
            {
              label: 'guarantee violated',
              colour: (theme) => theme.error,
              marks: 'alone',
              of: violations,
            } satisfies Series,
          ]
        : []),
    ]);
  }

  /** Of another run, before its columns. */
  show(run: RunHeader): void {
    this.#chart.setSeries(this.#seriesOf(run));
  }

  /** Steps in a column. */
  get bucket(): number {
    return this.#chart.bucket;
  }

  /** Whether there is anything to draw. */
  get isMeasured(): boolean {
    return this.#chart.isMeasured;
  }
}

/** The smallest cosine in each column with a violation: one among a million steps is marked. */
function violations({ series: { minCosine, violated } }: Columns): Column | undefined {
  if (!minCosine || !violated) return undefined;
  const lowest = minCosine.min.map((cosine, i) => (violated.max[i]! > 0 ? cosine : Number.NaN));
  return { ...minCosine, min: lowest, max: lowest, mean: lowest };
}
