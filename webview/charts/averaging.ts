import type { Patch } from './thinning.ts';

/** The mean of consecutive points, drawn at the step of the last of them. */
export interface Bin {
  readonly step: number;
  readonly values: readonly number[];
}

interface Sums {
  step: number;
  count: number;
  values: number[];
}

/**
 * An ever-growing series of several quantities of which at most `limit` means are drawn, each over as many points as the
 * others except for the newest. When there are too many, neighbours are merged. Unlike single points, means of weights that
 * jump from step to step still show which groups carried the steps, and still sum to 1.
 */
export class AveragedSeries {
  readonly #limit: number;
  #bins: Sums[] = [];
  #width = 1;

  /** @param limit most points drawn; even. */
  constructor(limit: number) {
    if (!(limit >= 2 && limit % 2 === 0)) {
      throw new RangeError(`an even number of points must be drawn, not ${limit}`);
    }
    this.#limit = limit;
  }

  /** Number of steps averaged in a point. */
  get width(): number {
    return this.#width;
  }

  push(points: readonly Bin[]): Patch<Bin> {
    let from = Math.max(0, this.#bins.length - 1);
    for (const { step, values } of points) {
      const last = this.#bins.at(-1);
      if (last && last.count < this.#width) {
        add(last, { step, count: 1, values: [...values] });
        continue;
      }
      if (this.#bins.length === this.#limit) {
        this.#merge();
        from = 0;
      }
      this.#bins.push({ step, count: 1, values: [...values] });
    }
    return { from, points: this.#bins.slice(from).map(mean) };
  }

  #merge(): void {
    this.#bins = this.#bins.filter((bin, i) => {
      if (i % 2 === 1) add(this.#bins[i - 1]!, bin);
      return i % 2 === 0;
    });
    this.#width *= 2;
  }
}

function add(sums: Sums, { step, count, values }: Sums): void {
  sums.step = step;
  sums.count += count;
  values.forEach((value, i) => {
    sums.values[i]! += value;
  });
}

function mean({ step, count, values }: Sums): Bin {
  return { step, values: values.map((sum) => sum / count) };
}
