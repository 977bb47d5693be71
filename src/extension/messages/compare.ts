/** Messages of the view that compares any runs. */
import * as z from 'zod';
import type { BaselineDifference } from '../../experiment/baseline.ts';
import type { Summary } from '../../experiment/statistics/summary.ts';
import type { RunStatus } from '../../runs/status.ts';
import { type Unit, unitSchema, windowRequest } from './columns.ts';
import type { EmptyMessage } from './run.ts';
import type { AggregatorSeries } from './seedVariance.ts';

/** Runs that agree in what they are grouped by; `aggregator` is their label. */
export interface ComparedGroup extends AggregatorSeries {
  readonly key: string;
  /** Of the last value of each finished run; `null` if there is none. */
  readonly final: Summary | null;
  /** Of the final values to the baseline's; `null` for the baseline itself, and without results. */
  readonly difference: BaselineDifference | null;
}

export interface ComparedRun {
  readonly id: string;
  /** "Nov 24, 14:02", with the name of the experiment where there are several. */
  readonly launch: string;
  readonly method: string;
  readonly seed: string;
  readonly status: RunStatus;
  readonly tags: readonly string[];
  readonly step: number;
  /** The metric at the end of the run or, while it is trained, so far. */
  readonly last: number | null;
  /** Over all validations; `null` where better values are unknown. */
  readonly best: number | null;
  readonly difference: BaselineDifference | null;
  /** Of each of {@link CompareShow.differences}. */
  readonly values: readonly string[];
}

/** What differs between the configs, data and devices of the runs. */
export interface ComparedConfigs {
  /** Names of the variants. */
  readonly titles: readonly string[];
  readonly rows: readonly { readonly key: string; readonly values: readonly string[] }[];
}

export interface Choice {
  readonly id: string;
  readonly label: string;
}

/** Of charts only as many points as they have pixels; the page patches what it shows in place. */
export interface CompareShow {
  readonly type: 'show';
  readonly metric: string;
  readonly metrics: readonly string[];
  readonly better: 'higher' | 'lower' | null;
  /** What runs are grouped by, at most two; empty: each run for itself. */
  readonly by: readonly string[];
  /** By what they can be grouped. */
  readonly facets: readonly Choice[];
  /** Key of a group. */
  readonly baseline: string | null;
  readonly groups: readonly ComparedGroup[];
  readonly runs: readonly ComparedRun[];
  readonly differences: ComparedConfigs;
  /** What the horizontal axis counts, and what it could: what the logs of all runs have. */
  readonly unit: Unit;
  readonly units: readonly Unit[];
  /** Where the axis ends: in steps, thousandths of an epoch, examples, or milliseconds of training. */
  readonly end: number;
  /** Steps, or validations, that a point of a curve is the mean of. */
  readonly bucket: number;
  /** Of all runs that are compared, those that were deleted since included. */
  readonly folders: readonly string[];
}

export type CompareToWebview = CompareShow | EmptyMessage;

/** What the page may ask for, once it is ready. */
export const compareRequest = z.discriminatedUnion('type', [
  z.object({ type: z.literal('selectMetric'), metric: z.string() }),
  z.object({ type: z.literal('groupBy'), by: z.array(z.string()).max(2) }),
  z.object({ type: z.literal('pin'), baseline: z.string().nullable() }),
  z.object({ type: z.literal('count'), unit: unitSchema }),
  /** From and to as the axis counts. */
  windowRequest,
]);
export type CompareRequest = z.infer<typeof compareRequest>;

/** What the page saves with `setState`; it adds what is its own. */
export const compareState = z.object({
  folders: z.array(z.string()),
  metric: z.string(),
  by: z.array(z.string()).max(2),
  baseline: z.string().nullable(),
  unit: unitSchema.default('step'),
});
export type CompareState = z.infer<typeof compareState>;
