/**
 * Where aggregators were measured to win and lose against the mean, with the seeds shared by all: the tables of docs/guarantee.md,
 * which bench/guarantee.ts measures and `npm run docs` copies to measurements.json.
 */
import type { AggregatorName, Metric } from '../types.ts';
import measurements from './measurements.json' with { type: 'json' };

/** After the name of an aggregator in a table. */
export const PRECONDITIONED = ', preconditioned';

/** What measurements.json holds. */
export interface Measurements {
  /** With AdamW. */
  readonly tables: readonly Measurement[];
  /** With groups by label, of which the one that is fitted first may take all weight. */
  readonly collapse: readonly Collapse[];
}

/** One table: a task with its groups. */
export interface Measurement {
  /** "digits-label" */
  readonly setting: string;
  /** "Digits, groups by label" */
  readonly title: string;
  readonly metric: string;
  /** Final metric of the mean, over the seeds. */
  readonly mean: number;
  readonly results: readonly {
    /** Its name, with {@link PRECONDITIONED} in that metric. */
    readonly aggregator: string;
    readonly seeds: number;
    /** Final metric, over the seeds. */
    readonly value: number;
    /** Mean of the paired differences to the mean: "−0.333". */
    readonly difference: string;
    /** Of a permutation test of those: "p < 0.001". */
    readonly p: string;
  }[];
}

/** One row: an aggregator under an optimizer. */
export interface Collapse {
  readonly aggregator: string;
  readonly optimizer: string;
  readonly seeds: number;
  /** Final accuracy, over the seeds. */
  readonly value: number;
}

/** A result of one aggregator. */
export type Regime = Omit<Measurement, 'results'> &
  Measurement['results'][number] & {
    /** p < 0.05. */
    readonly isSignificant: boolean;
  };

const { tables, collapse } = measurements satisfies Measurements;

const regimes: readonly Regime[] = tables.flatMap(({ results, ...of }) =>
  results.map((result) => ({
    ...of,
    ...result,
    isSignificant: Number(result.p.replace(/^p [=<] /, '')) < 0.05,
  })),
);

/** What was measured of an aggregator as it comes; empty where nothing was. */
export function regimesOf(name: AggregatorName): readonly Regime[] {
  return regimes.filter(({ aggregator }) => aggregator === name);
}

/** @param metric of the Gram matrix */
export function measuredAt(
  setting: string,
  name: AggregatorName,
  metric: Metric = 'euclidean',
): Regime | undefined {
  const row = metric === 'preconditioned' ? `${name}${PRECONDITIONED}` : name;
  return regimes.find((regime) => regime.setting === setting && regime.aggregator === row);
}

/** With groups by label; undefined if the pair was not measured. */
export function collapseOf(optimizer: string, name: AggregatorName): Collapse | undefined {
  return collapse.find((row) => row.optimizer === optimizer && row.aggregator === name);
}

/** "Digits, groups by label: accuracy 0.546, mean 0.878 (−0.333, p < 0.001, 20 seeds)" */
function formatRegime({ title, metric, value, mean, difference, p, seeds }: Regime): string {
  return `${title}: ${metric} ${value}, mean ${mean} (${difference}, ${p}, ${seeds} seeds)`;
}

/** What was measured, in a sentence for completion; empty where nothing was. */
export function regimesText(name: AggregatorName): string {
  const of = regimesOf(name);
  return of.length === 0 ? '' : `Measured with AdamW: ${of.map(formatRegime).join('; ')}.`;
}
