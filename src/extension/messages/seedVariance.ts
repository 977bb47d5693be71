/** Messages of the seed variance panel. */
import * as z from 'zod';
import type { CrossedMatrix } from '../../experiment/crossedFindings.ts';
import type { TableAgreement } from '../../experiment/predictions/tableAgreement.ts';
import type { ReportTable } from '../../experiment/report/methodTable.ts';
import type { RunStatus } from '../../runs/status.ts';
import type { MetricPoint } from './points.ts';
import type { EmptyMessage } from './run.ts';

/** Where a point is drawn, on an axis that does not count steps. */
interface Placed {
  readonly at?: number;
}

export interface SeedCurve {
  readonly runId: string;
  readonly seed: string;
  readonly status: RunStatus;
  readonly points: readonly (MetricPoint & Placed)[];
}

/** Mean and sample standard deviation over the seeds that have reached the step. */
export interface BandPoint extends Placed {
  readonly step: number;
  readonly mean: number;
  /** `null` for fewer than two seeds. */
  readonly std: number | null;
  readonly n: number;
  /** Of a single run, the values of the steps that the point is the mean of. */
  readonly range?: readonly [low: number, high: number];
}

export interface AggregatorSeries {
  readonly aggregator: string;
  readonly seeds: readonly SeedCurve[];
  readonly band: readonly BandPoint[];
}

/** How a run that counts has ended. */
export interface FinalResult {
  readonly aggregator: string;
  readonly seed: string;
  /** That of a constant prediction for one that diverged; `null` if none is known. */
  readonly value: number | null;
  /** It diverged, or ended no better than a constant prediction. */
  readonly failed: boolean;
}

/** What the experiment shows so far. */
export interface SeedVerdict {
  /** Sentences: what is known of the methods. */
  readonly words: readonly string[];
  /** Sentences: what would settle more, what seeds cannot show, which runs failed or do not count. */
  readonly notes: readonly string[];
  /** What both are about. */
  readonly results: readonly FinalResult[];
  /** Figures of each method with their intervals, as in a report; the best mean first. */
  readonly table: ReportTable;
  /** Of crossed seeds, the metric by two sources of variance. */
  readonly crossed: readonly CrossedMatrix[];
}

export interface SeedAgreement extends TableAgreement {
  readonly aggregator: string;
}

export interface ExperimentChoice {
  readonly id: string;
  readonly label: string;
}

/** Validations are few, so each update contains all of them; the page patches its charts in place. */
export interface SeedVarianceShow {
  readonly type: 'show';
  readonly experiment: ExperimentChoice;
  readonly choices: readonly ExperimentChoice[];
  readonly metric: string;
  /** Which values of the metric are better; `null` if unknown. */
  readonly better: 'higher' | 'lower' | null;
  readonly metrics: readonly string[];
  readonly series: readonly AggregatorSeries[];
  readonly verdict: SeedVerdict;
  /** What one model of several runs came to, once `grain soup` was run; without rows if it was not. */
  readonly soups: ReportTable;
  /** Whether more seeds may be trained now. */
  readonly canAddSeeds: boolean;
  /** Of methods with predictions of at least two seeds; none for values, which never agree exactly. */
  readonly agreements: readonly SeedAgreement[];
}

export type SeedVarianceToWebview = SeedVarianceShow | EmptyMessage;

/** What the page may ask for, once it is ready. */
export const seedVarianceRequest = z.discriminatedUnion('type', [
  z.object({ type: z.literal('selectExperiment'), id: z.string() }),
  z.object({ type: z.literal('selectMetric'), metric: z.string() }),
  /** Asks how many seeds to add to the experiment. */
  z.object({ type: z.literal('addSeeds') }),
  /** Opens the predictions of a method; of one example, if its number is given. */
  z.object({
    type: z.literal('openPredictions'),
    aggregator: z.string(),
    index: z.number().nullable(),
  }),
]);
export type SeedVarianceRequest = z.infer<typeof seedVarianceRequest>;

/** What the page saves with `setState`. */
export const seedVarianceState = z.object({ experimentId: z.string(), metric: z.string() });
export type SeedVarianceState = z.infer<typeof seedVarianceState>;
