import path from 'node:path';
import {
  addBucket,
  addStep,
  bucketWidth,
  clearBucket,
  emptyBucket,
  placeOf,
  stepWidth,
} from './entries.ts';
import type { IndexFile } from './indexFile.ts';
import { Records } from './records.ts';

/** Steps in a bucket of the first level, and buckets of one level in a bucket of the next. */
const FAN = 16;
/** 16⁷ steps are more than a run logs. */
const LEVELS = 7;

interface Level {
  readonly records: Records;
  /** The bucket that is not full, of the entries of the level below that are. */
  readonly open: Float64Array;
}

/**
 * The steps of a run and, on level n, their buckets of 16ⁿ. Full buckets are records; one that is not is made of the open ones of
 * the levels below.
 */
export class Pyramid {
  readonly steps: Records;
  readonly #levels: readonly Level[];
  readonly #series: number;

  /** @param series how many a step has */
  constructor(folder: string, series: number, stored = 0) {
    this.#series = series;
    this.steps = new Records(path.join(folder, 'steps.bin'), stepWidth(series), stored);
    this.#levels = Array.from({ length: LEVELS }, (_, i) => ({
      records: new Records(
        path.join(folder, `level-${i + 1}.bin`),
        bucketWidth(series),
        Math.floor(stored / FAN ** (i + 1)),
      ),
      open: emptyBucket(series),
    }));
  }

  /**
   * @param series how many a step has
   * @param stored how many steps the files in the folder hold
   * @throws TornIndexError if they do not
   */
  static async open(folder: string, series: number, stored: number): Promise<Pyramid> {
    const pyramid = new Pyramid(folder, series, stored);
    await pyramid.#restoreOpen();
    return pyramid;
  }

  /** Of steps. */
  get count(): number {
    return this.steps.count;
  }

  push(step: Float64Array): void {
    this.steps.push(step);
    let size = 1;
    let entry = step;
    for (const [i, { records, open }] of this.#levels.entries()) {
      if (i === 0) addStep(open, entry);
      else addBucket(open, entry);
      size *= FAN;
      if (this.count % size !== 0) return;
      entry = open.slice();
      records.push(entry);
      clearBucket(open);
    }
  }

  /** @throws as `Records.write` does */
  write(): void {
    this.steps.write();
    for (const { records } of this.#levels) records.write();
  }

  get files(): IndexFile[] {
    return [this.steps, ...this.#levels.map(({ records }) => records)].map(({ file }) => file);
  }

  /** Forgets what the files hold by now. @param stored steps */
  shed(stored: number): void {
    this.steps.shed(stored);
    for (const [i, { records }] of this.#levels.entries()) {
      records.shed(Math.floor(stored / FAN ** (i + 1)));
    }
  }

  /**
   * The steps `from` to `to` by their place in the log, the latter not included, in buckets of `size`; the last one may be
   * smaller. @param size a number of steps that divides `from`
   */
  async buckets(from: number, to: number, size: number): Promise<Float64Array[]> {
    const level = levelFor(size);
    const unit = FAN ** level;
    const end = Math.min(to, this.count);
    // Read together with what is pushed meanwhile left out: the open buckets are copied before the first await.
    const open = this.#openBucket(level, end);
    const [first, full] = [Math.floor(from / unit), Math.floor(end / unit)];
    const entries = await this.#entries(level, first, full);
    const buckets: Float64Array[] = [];
    const perBucket = size / unit;
    for (let at = 0; at < entries.length; at += perBucket) {
      const bucket = emptyBucket(this.#series);
      for (const entry of entries.slice(at, at + perBucket)) {
        if (level === 0) addStep(bucket, entry);
        else addBucket(bucket, entry);
      }
      buckets.push(bucket);
    }
    if (full * unit === end || !open) return buckets;
    const isOwn = entries.length % perBucket === 0;
    const last = (isOwn ? undefined : buckets.at(-1)) ?? emptyBucket(this.#series);
    addBucket(last, open);
    if (isOwn) buckets.push(last);
    return buckets;
  }

  /** The number, in the log, of the first step that is numbered `step` or higher; the count of steps if there is none. */
  async find(step: number): Promise<number> {
    let [low, high] = [0, this.count];
    // As a rule the steps of a log are 1, 2, 3, …
    for (const guess of [step - 1, step]) {
      if (guess <= low || guess >= high) continue;
      if ((await this.#numberOf(guess)) < step) low = guess + 1;
      else high = guess;
    }
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((await this.#numberOf(middle)) < step) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  async #numberOf(at: number): Promise<number> {
    const [record] = await this.steps.read(at, at + 1);
    return placeOf(record!).step;
  }

  /** A copy of the open buckets of levels 1…level, as one; null where the range ends before them. */
  #openBucket(level: number, end: number): Float64Array | null {
    if (level === 0 || end < this.count) return null;
    const bucket = emptyBucket(this.#series);
    for (const { open } of this.#levels.slice(0, level).reverse()) addBucket(bucket, open);
    return bucket;
  }

  #entries(level: number, from: number, to: number): Promise<Float64Array[]> {
    const { records } = level === 0 ? { records: this.steps } : this.#levels[level - 1]!;
    return records.read(from, to);
  }

  /** From the last full buckets of the level below each. */
  async #restoreOpen(): Promise<void> {
    let below = this.steps;
    for (const [i, { records, open }] of this.#levels.entries()) {
      const entries = await below.read(records.count * FAN, below.count);
      for (const entry of entries) {
        if (i === 0) addStep(open, entry);
        else addBucket(open, entry);
      }
      below = records;
    }
  }
}

/** The highest level whose buckets divide those of a size. */
function levelFor(size: number): number {
  let level = 0;
  while (level < LEVELS && size % FAN ** (level + 1) === 0) level++;
  return level;
}

/** The smallest number of steps that cuts a range into at most so many buckets, and that full buckets of a level make up. */
export function bucketSize(steps: number, columns: number): number {
  const least = Math.max(1, Math.ceil(steps / columns));
  const unit = FAN ** Math.min(LEVELS, Math.floor(Math.log(least) / Math.log(FAN) + 1e-9));
  return Math.ceil(least / unit) * unit;
}
