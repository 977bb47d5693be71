import type { WeightsPoint } from '../../src/extension/messages/points.ts';
import { AveragedSeries } from './averaging.ts';
import type { Figure } from './figure.ts';
import { TimeChart } from './timeChart.ts';

/** Most points drawn: if they are closer together, areas are indistinguishable. */
const DRAWN = { full: 120, compact: 40 };

/** How far the sum of float32 weights may be from 1. */
const SLACK = 1e-6;

const STACKING = { shares: 'whole', parts: 'sum', signed: 'none' } as const;

/** Weights of a run over all its steps so far: shares that sum to 1, with another sum, or some of them negative. */
export type WeightsKind = 'shares' | 'parts' | 'signed';

/**
 * Weights of all groups over steps: stacked areas that fill 0…1 or reach up to their sum, with a notch for a skipped step
 * (all weights zero); lines once any weight was negative. Steps without weights leave a gap.
 */
export class WeightsArea {
  readonly #chart: TimeChart;
  readonly #limit: number;
  #series: AveragedSeries;
  #kind: WeightsKind = 'shares';
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
    this.#kind = 'shares';
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
    for (const { weights } of points) this.#kind = wider(this.#kind, kindOf(weights));
    this.#isMeasured ||= points.some(({ weights }) => isKnown(weights));
    this.#chart.setStacking(STACKING[this.#kind]);
    this.#chart.update();
  }

  /** Number of steps averaged in a point. */
  get width(): number {
    return this.#series.width;
  }

  get kind(): WeightsKind {
    return this.#kind;
  }

  /** Whether any step so far had weights. */
  get isMeasured(): boolean {
    return this.#isMeasured;
  }
}

/** Whether the step has weights at all. */
export function isKnown(weights: WeightsPoint['weights']): boolean {
  return weights.some((weight) => weight !== null);
}

/** A group that is absent from the step counts as 0. */
export function sumOf(weights: WeightsPoint['weights']): number {
  return weights.reduce<number>((sum, weight) => sum + (weight ?? 0), 0);
}

function kindOf(weights: WeightsPoint['weights']): WeightsKind {
  if (weights.some((weight) => (weight ?? 0) < -SLACK)) return 'signed';
  const isSkipped = weights.every((weight) => !weight);
  return isSkipped || Math.abs(sumOf(weights) - 1) <= SLACK ? 'shares' : 'parts';
}

function wider(a: WeightsKind, b: WeightsKind): WeightsKind {
  if (a === 'signed' || b === 'signed') return 'signed';
  return a === 'parts' ? a : b;
}

function valuesOf({ step, weights }: WeightsPoint) {
  const absent = isKnown(weights) ? 0 : Number.NaN;
  return { step, values: weights.map((weight) => weight ?? absent) };
}
