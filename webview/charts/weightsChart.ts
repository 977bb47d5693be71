import type { Column, Columns, SeriesName } from '../../src/extension/messages/columns.ts';
import type { WeightsPoint } from '../../src/extension/messages/points.ts';
import type { Groups } from '../../src/extension/messages/run.ts';
import { percentTick } from '../format.ts';
import type { Figure } from './figure.ts';
import type { Series } from './series.ts';
import { TimeChart } from './timeChart.ts';
import type { View } from './view.ts';

/** Most areas side by side: if they are closer together, they are indistinguishable. */
const AREAS = { full: 120, compact: 40 };

/** How far the sum of float32 weights may be from 1. */
const SLACK = 1e-6;

const STACKING = { shares: 'whole', parts: 'sum', signed: 'none', spread: 'none' } as const;

/** Weights of a run: shares that sum to 1, with another sum, or some of them negative; or of groups that are others in each step. */
export type WeightsKind = 'shares' | 'parts' | 'signed' | 'spread';

/**
 * Weights over steps. Groups that last have an area each, stacked to 0…1 or up to their sum, with a notch for a skipped step
 * (all weights zero), and with edges instead of slopes where a group is absent from some steps; or a line each once any weight was
 * negative. Of groups that are made anew in each step, where #3 of one has nothing to do with #3 of the next: how the weights are
 * spread.
 */
export class WeightsChart {
  readonly #chart: TimeChart;
  readonly #view: View;
  #groups: Groups = { names: [], lasting: true };
  #kind: WeightsKind = 'shares';

  constructor(figure: Figure, view: View) {
    this.#view = view;
    this.#chart = new TimeChart(
      figure,
      {
        left: { title: 'weight', min: 0, max: 1 },
        right: { title: 'without weight', min: 0, max: 1, format: percentTick },
        areas: figure.compact ? AREAS.compact : AREAS.full,
      },
      view,
    );
  }

  /** Of another run, before its columns. */
  show(groups: Groups): void {
    this.#groups = groups;
    this.#kind = groups.lasting ? 'shares' : 'spread';
    this.#chart.setSeries(groups.lasting ? areasOf(groups) : spread);
    const { right } = this.#chart.chart.options.scales ?? {};
    if (right) right.display = !groups.lasting;
    this.#chart.setStacking(STACKING[this.#kind]);
  }

  /** After the view has new columns. @param latest the newest steps */
  update(latest: readonly WeightsPoint[]): void {
    if (!this.#groups.lasting) return;
    this.#chart.setStepped(hasAbsence(this.#view.columns, this.#groups));
    const kind = kindOf(this.#view.columns, this.#groups, latest);
    if (kind === this.#kind) return;
    this.#kind = kind;
    this.#chart.setStacking(STACKING[kind]);
    this.#chart.draw();
  }

  /** Steps in a column. */
  get bucket(): number {
    return this.#chart.bucket;
  }

  get kind(): WeightsKind {
    return this.#kind;
  }

  /** Whether any step that is drawn has weights. */
  get isMeasured(): boolean {
    return this.#chart.isMeasured;
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

function areasOf({ names }: Groups): Series[] {
  return names.map((label, group) => ({
    label,
    colour: (theme) => theme.groups(names.length)[group]!,
    of: (columns) => shareOf(columns, group),
  }));
}

const quartiles = { legend: 'quartiles', hasRange: false };

/** One colour for all of them: what tells them apart is their order. Only the outer ones have a range, which would cover the others. */
const spread: readonly Series[] = [
  orderStatistic('largest', 'weightMax', [9, 3, 2, 3]),
  { ...orderStatistic('upper quartile', 'weightUpperQuartile', [6, 3]), ...quartiles },
  { ...orderStatistic('median', 'weightMedian', []), hasRange: false },
  { ...orderStatistic('lower quartile', 'weightLowerQuartile', [6, 3]), ...quartiles },
  orderStatistic('smallest', 'weightMin', [1, 2]),
  {
    label: 'groups without weight',
    legend: 'without weight',
    colour: (theme) => theme.accent,
    axis: 'right',
    of: 'weightZeros',
    hasRange: false,
  },
];

function orderStatistic(label: string, of: SeriesName, dash: readonly number[]): Series {
  return { label, colour: (theme) => theme.foreground, dash, of };
}

/** A group's mean weight over all steps of a column that have weights: where it is absent, it has none. */
function shareOf({ series }: Columns, group: number): Column | undefined {
  const { [`groupWeight/${group}` as const]: own, weightMax } = series;
  if (!own || !weightMax) return undefined;
  const mean = own.mean.map((value, i) => {
    if (weightMax.known[i] === 0) return Number.NaN;
    const present = own.known[i]! - own.nonFinite[i]!;
    return present === 0 ? 0 : (value * present) / weightMax.known[i]!;
  });
  return { ...own, mean };
}

/** Whether a group is absent from a step that has weights. */
function hasAbsence({ series }: Columns, { names }: Groups): boolean {
  const known = series.weightMax?.known;
  return names.some((_, group) => {
    const own = series[`groupWeight/${group}`];
    return own?.known.some((count, i) => count < (known?.[i] ?? 0));
  });
}

function kindOf(
  { series }: Columns,
  { names }: Groups,
  latest: readonly WeightsPoint[],
): WeightsKind {
  const isNegative = names.some((_, group) =>
    series[`groupWeight/${group}`]?.min.some((weight) => weight < -SLACK),
  );
  if (isNegative) return 'signed';
  const hasSum = latest.some(({ weights }) => {
    const isSkipped = weights.every((weight) => !weight);
    return !isSkipped && Math.abs(sumOf(weights) - 1) > SLACK;
  });
  return hasSum ? 'parts' : 'shares';
}
