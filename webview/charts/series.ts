/** A quantity that a chart over steps draws: where its values come from, and how it looks. */
import type { ChartDataset } from 'chart.js';
import type { Column, Columns, SeriesName } from '../../src/extension/messages/columns.ts';
import type { XY } from './chart.ts';
import type { LegendEntry } from './legend.ts';
import { translucent } from './palette.ts';
import type { Theme } from './theme.ts';

export interface Series {
  readonly label: string;
  /** Series with the same name here share an entry of the legend; default: the label, for each its own. */
  readonly legend?: string;
  readonly colour: (theme: Theme) => string;
  /** What is drawn of each column; without it, points of its own. */
  readonly of?: SeriesName | ((columns: Columns) => Column | undefined);
  /** Default: left. */
  readonly axis?: 'left' | 'right';
  /** Pixels drawn and left out alternately. */
  readonly dash?: readonly number[];
  /** Sampled in some steps only: a point for each sample, with a line from one to the next. */
  readonly isSampled?: boolean;
  /** Whether the range of a column is drawn behind its mean; default: yes. */
  readonly hasRange?: boolean;
  /** The area between zero and values below it is shaded. */
  readonly shadedBelowZero?: boolean;
  /** Single marks, without a line between them; or a line with a mark at each point. */
  readonly marks?: 'alone' | 'on line';
}

/** What a series has of each column; undefined if it has points of its own, or was not logged. */
export function columnFor({ of }: Series, columns: Columns): Column | undefined {
  return typeof of === 'function' ? of(columns) : of && columns.series[of];
}

/** A value as it is drawn and told: null for none. */
export function finite(value: number | undefined): number | null {
  return value !== undefined && Number.isFinite(value) ? value : null;
}

/** One point makes no line: it is shown as a point. */
export function radiusOf({ marks, isSampled }: Series, points: number): number {
  if (marks === 'alone') return 3.5;
  return marks === 'on line' || isSampled || points === 1 ? 2 : 0;
}

/** Without points and colours yet. */
export function datasetOf(series: Series): ChartDataset<'line', XY[]> {
  const { label, axis = 'left', dash = [], marks, isSampled = false } = series;
  return {
    label,
    data: [],
    yAxisID: axis,
    borderDash: [...dash],
    showLine: marks !== 'alone',
    spanGaps: isSampled,
    pointRadius: radiusOf(series, 0),
    pointStyle: marks === 'alone' ? 'crossRot' : 'circle',
    // Single marks are drawn on top.
    order: marks === 'alone' ? -1 : 0,
  };
}

interface Look {
  readonly theme: Theme;
  readonly stacked: boolean;
  readonly stepped: boolean;
  /** In a short chart. */
  readonly compact: boolean;
  /** Among the series of the chart, from the lowest. */
  readonly place: number;
}

/** Colours the dataset of a series: a line, or an area on the one below it. */
export function paint(
  dataset: ChartDataset<'line', XY[]>,
  series: Series,
  { theme, stacked, stepped, compact, place }: Look,
): void {
  const colour = series.colour(theme);
  dataset.stepped = stepped ? 'middle' : false;
  // A line of the background's colour separates the areas, for eyes that cannot tell their hues.
  dataset.borderColor = stacked ? theme.background : colour;
  const line = theme.highContrast ? 2 : 1.5;
  dataset.borderWidth = stacked ? (compact ? 0.25 : 0.5) : line;
  dataset.backgroundColor = stacked ? colour : translucent(colour, 0.2);
  dataset.pointBackgroundColor = colour;
  dataset.pointBorderColor = colour;
  dataset.pointBorderWidth = 1.5;
  if (stacked) dataset.fill = place === 0 ? 'origin' : '-1';
  else dataset.fill = series.shadedBelowZero ? belowZero(translucent(colour, 0.4)) : false;
}

function belowZero(colour: string) {
  return { target: { value: 0 }, above: 'transparent', below: colour };
}

/** An entry for each name, with the datasets that have it. */
export function legendOf(all: readonly Series[], theme: Theme, stacked: boolean): LegendEntry[] {
  return [...new Set(all.map(nameOf))].map((label) => {
    const datasets = all.flatMap((one, i) => (nameOf(one) === label ? [i] : []));
    const { dash, marks, colour } = all[datasets[0]!]!;
    return {
      label,
      look: marks === 'alone' ? 'crosses' : stacked ? 'area' : 'line',
      ...(dash && { dash }),
      colour: colour(theme),
      datasets,
    };
  });
}

function nameOf({ label, legend = label }: Series): string {
  return legend;
}
