/**
 * The records of an index, as lists of float64. A step: offset and length of its line in the log, its number and time, then the
 * values of its series. A bucket of steps: first and last step, time of the last; then of each series smallest, largest and mean
 * of the finite values, the last value, how many are finite and how many are known not to be.
 */
const STEP_HEADER = 4;
const BUCKET_HEADER = 3;
const PER_SERIES = 6;

export interface StepPlace {
  readonly offset: number;
  readonly length: number;
}

export function stepWidth(series: number): number {
  return STEP_HEADER + series;
}

export function bucketWidth(series: number): number {
  return BUCKET_HEADER + PER_SERIES * series;
}

export function stepRecord(
  { offset, length }: StepPlace,
  { step, at }: { readonly step: number; readonly at: number },
  values: Float64Array,
): Float64Array {
  const record = new Float64Array(stepWidth(values.length));
  record.set([offset, length, step, at]);
  record.set(values, STEP_HEADER);
  return record;
}

export function placeOf(record: Float64Array): StepPlace & { readonly step: number } {
  return { offset: record[0]!, length: record[1]!, step: record[2]! };
}

/** A bucket without steps. */
export function emptyBucket(series: number): Float64Array {
  const bucket = new Float64Array(bucketWidth(series));
  clearBucket(bucket);
  return bucket;
}

export function clearBucket(bucket: Float64Array): void {
  bucket.fill(0);
  bucket[0] = Number.NaN;
  for (let at = BUCKET_HEADER; at < bucket.length; at += PER_SERIES) {
    bucket[at] = Number.POSITIVE_INFINITY;
    bucket[at + 1] = Number.NEGATIVE_INFINITY;
  }
}

/** Adds a step to a bucket that ends before it. */
export function addStep(bucket: Float64Array, step: Float64Array): void {
  extend(bucket, step[2]!, step[2]!, step[3]!);
  for (let s = 0, at = BUCKET_HEADER; at < bucket.length; s++, at += PER_SERIES) {
    const value = step[STEP_HEADER + s]!;
    if (Number.isFinite(value)) addFinite(bucket, at, value, value, value, 1);
    else if (!Number.isNaN(value)) bucket[at + 5]! += 1;
    bucket[at + 3] = value;
  }
}

/** Adds a bucket to one that ends before it. */
export function addBucket(bucket: Float64Array, next: Float64Array): void {
  if (Number.isNaN(next[0]!)) return;
  extend(bucket, next[0]!, next[1]!, next[2]!);
  for (let at = BUCKET_HEADER; at < bucket.length; at += PER_SERIES) {
    const count = next[at + 4]!;
    if (count > 0) addFinite(bucket, at, next[at]!, next[at + 1]!, next[at + 2]!, count);
    bucket[at + 3] = next[at + 3]!;
    bucket[at + 5]! += next[at + 5]!;
  }
}

function extend(bucket: Float64Array, first: number, last: number, time: number): void {
  if (Number.isNaN(bucket[0]!)) bucket[0] = first;
  bucket[1] = last;
  bucket[2] = time;
}

function addFinite(
  bucket: Float64Array,
  at: number,
  min: number,
  max: number,
  mean: number,
  count: number,
): void {
  bucket[at] = Math.min(bucket[at]!, min);
  bucket[at + 1] = Math.max(bucket[at + 1]!, max);
  const total = bucket[at + 4]! + count;
  // Not by their difference, which may be larger than any float64.
  const share = count / total;
  bucket[at + 2] = bucket[at + 2]! * (1 - share) + mean * share;
  bucket[at + 4] = total;
}

export interface BucketHeader {
  readonly first: number;
  readonly last: number;
  readonly at: number;
}

export function headerOf(bucket: Float64Array): BucketHeader {
  return { first: bucket[0]!, last: bucket[1]!, at: bucket[2]! };
}

/** Of the series with that index. */
export function summaryOf(bucket: Float64Array, series: number) {
  const at = BUCKET_HEADER + PER_SERIES * series;
  const isEmpty = bucket[at + 4] === 0;
  return {
    min: isEmpty ? Number.NaN : bucket[at]!,
    max: isEmpty ? Number.NaN : bucket[at + 1]!,
    mean: isEmpty ? Number.NaN : bucket[at + 2]!,
    last: bucket[at + 3]!,
    known: bucket[at + 4]! + bucket[at + 5]!,
    nonFinite: bucket[at + 5]!,
  };
}
