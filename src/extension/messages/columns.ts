/** Steps of a run as columns to draw: as many as a chart has pixels, however many steps there are. */
import * as z from 'zod';
import type { SeriesName } from '../../runs/index/series.ts';
import type { Column as ColumnOfRun } from '../../runs/index/window.ts';

export type { SeriesName };

/** What the horizontal axis of a chart counts. */
export const unitSchema = z.enum(['step', 'epoch', 'examples', 'time']);
export type Unit = z.infer<typeof unitSchema>;

/** A value per column, over its steps with a finite value; NaN where there is none. */
export type Column = Omit<ColumnOfRun, 'last'>;

/** Consecutive steps in columns of `bucket` logged steps each; if that is 1, every value is exact. */
export interface Columns {
  readonly bucket: number;
  /** The last step logged so far. */
  readonly lastStep: number;
  /** First and last step of each column. */
  readonly first: Float64Array;
  readonly last: Float64Array;
  /** Examples seen, and milliseconds of training without pauses, up to the last step of each column. */
  readonly examples: Float64Array;
  readonly elapsed: Float64Array;
  /** Training examples of an epoch; `null` where that is not known. */
  readonly perEpoch: number | null;
  readonly series: { readonly [name in SeriesName]?: Column };
}

/** Weights of single steps, the largest first; each list as long as the step has groups. */
export interface SortedWeights {
  readonly steps: readonly number[];
  readonly weights: readonly (readonly number[])[];
}

/** The page asks for the steps `from` to `to`, in as many columns as it has pixels; `null` for the start or the end of the run. */
export const windowRequest = z.object({
  type: z.literal('window'),
  from: z.number().nullable(),
  to: z.number().nullable(),
  columns: z.number().int().min(1).max(10_000),
});
export type WindowRequest = z.infer<typeof windowRequest>;

/** The answer. */
export interface WindowReply {
  readonly type: 'window';
  readonly steps: Columns;
  readonly sorted: SortedWeights | null;
}
