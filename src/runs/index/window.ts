/** A part of a run as a chart draws it. */
import type { SeriesName } from './series.ts';

/** A range of steps, both ends included, to be cut into at most `columns` buckets of equal numbers of logged steps. */
export interface Window {
  readonly from: number;
  readonly to: number;
  readonly columns: number;
  /** Steps in a bucket, in place of `columns`: as in an earlier window that this one continues. */
  readonly bucket?: number;
}

/**
 * A value per bucket, over those of its steps whose value is finite; NaN in a bucket without. A bucket of one step is exact: its
 * four values are equal. `last` is that of the bucket's last step: NaN if it is not known, Infinity if it is not finite.
 */
export interface Column {
  readonly min: Float64Array;
  readonly max: Float64Array;
  readonly mean: Float64Array;
  readonly last: Float64Array;
  /** How many of the bucket's steps have a value, and how many of these are not finite. */
  readonly known: Float64Array;
  readonly nonFinite: Float64Array;
}

/** Buckets begin at multiples of their size, so that they stay the same while a chart is moved. */
export interface WindowOfRun {
  /** Of each bucket: its first and last step, and when the last was logged, in milliseconds since the Unix epoch. */
  readonly first: Float64Array;
  readonly last: Float64Array;
  readonly at: Float64Array;
  /** Logged steps in a whole bucket, and those before the first bucket. */
  readonly bucket: number;
  readonly before: number;
  readonly series: Readonly<Partial<Record<SeriesName, Column>>>;
}
