/** What rules remember of past steps: a fixed number of them, or one number. */
import type { StepEvent } from '../../runs/events.ts';

/** In which of the last `size` steps a condition held. */
export class Recent {
  readonly #held: Uint8Array;
  #next = 0;
  #count = 0;

  constructor(size: number) {
    this.#held = new Uint8Array(size);
  }

  push(holds: boolean): void {
    this.#count += Number(holds) - this.#held[this.#next]!;
    this.#held[this.#next] = Number(holds);
    this.#next = (this.#next + 1) % this.#held.length;
  }

  /** Share of the last `size` steps, those before the first one counted as steps without. */
  get share(): number {
    return this.#count / this.#held.length;
  }
}

/** The largest of the last `size` values. */
export class RecentLargest {
  readonly #values: Float64Array;
  readonly #least: number;
  #seen = 0;

  /** @param least values that must be there */
  constructor(size: number, least: number) {
    this.#values = new Float64Array(size);
    this.#least = least;
  }

  push(value: number): void {
    this.#values[this.#seen++ % this.#values.length] = value;
  }

  /** NaN until enough values are there. */
  get largest(): number {
    return this.#seen < this.#least
      ? Number.NaN
      : Math.max(...this.#values.subarray(0, this.#seen));
  }
}

/** How many values make the beginning. */
const FIRST = 5;
/** Weight of a new value in the exponential average: that of about the last 20. */
const NEW = 0.1;

/** A series of finite values: the mean of its first five, and an exponential average of its latest. */
export class Series {
  #count = 0;
  #first = 0;
  #latest = 0;

  push(value: number): void {
    if (!Number.isFinite(value)) return;
    if (this.#count < FIRST) this.#first += (value - this.#first) / (this.#count + 1);
    this.#latest += (this.#count === 0 ? 1 : NEW) * (value - this.#latest);
    this.#count++;
  }

  /** Number of values. */
  get count(): number {
    return this.#count;
  }

  /** NaN before the first value. */
  get first(): number {
    return this.#count === 0 ? Number.NaN : this.#first;
  }

  get latest(): number {
    return this.#count === 0 ? Number.NaN : this.#latest;
  }
}

/** The losses of each group of a run. */
export class GroupLosses {
  readonly of: readonly Series[];

  constructor(groups: number) {
    this.of = Array.from({ length: groups }, () => new Series());
  }

  push({ groups, losses }: StepEvent): void {
    for (const [i, group] of groups.entries()) this.of[group]?.push(losses[i] ?? Number.NaN);
  }
}
