import * as z from 'zod';

/** Relative width of a bucket. */
const BASE = 1.01;

/** How many values are zero; of those between two powers of {@link BASE}, by the exponent of the upper one, count and mean. */
export const quantilesSchema = z.object({
  zeros: z.number(),
  buckets: z.array(z.tuple([z.number(), z.number(), z.number()])),
});

/**
 * Quantiles of any number of values ≥ 0 in little memory, to within a percent: the mean of the values in their bucket, of buckets
 * whose bounds are a geometric series (after Masson, Rim & Lee, "DDSketch", VLDB 2019).
 */
export class Quantiles {
  #zeros = 0;
  readonly #buckets = new Map<number, { count: number; mean: number }>();

  static from({ zeros, buckets }: z.infer<typeof quantilesSchema>): Quantiles {
    const quantiles = new Quantiles();
    quantiles.#zeros = zeros;
    for (const [exponent, count, mean] of buckets)
      quantiles.#buckets.set(exponent, { count, mean });
    return quantiles;
  }

  toJSON(): z.infer<typeof quantilesSchema> {
    const buckets = [...this.#buckets].sort(([a], [b]) => a - b);
    return {
      zeros: this.#zeros,
      buckets: buckets.map(([exponent, { count, mean }]) => [exponent, count, mean]),
    };
  }

  /** @param value finite, ≥ 0 */
  add(value: number): void {
    if (value === 0) {
      this.#zeros++;
      return;
    }
    const exponent = Math.ceil(Math.log(value) / Math.log(BASE));
    const bucket = this.#buckets.get(exponent) ?? { count: 0, mean: 0 };
    bucket.count++;
    bucket.mean += (value - bucket.mean) / bucket.count;
    this.#buckets.set(exponent, bucket);
  }

  /** The value that half of the values do not exceed; NaN of none. */
  get median(): number {
    const { zeros, buckets } = this.toJSON();
    const total = buckets.reduce((sum, [, count]) => sum + count, zeros);
    let seen = zeros;
    if (zeros > 0 && seen >= total / 2) return 0;
    for (const [, count, mean] of buckets) {
      seen += count;
      if (seen >= total / 2) return mean;
    }
    return Number.NaN;
  }
}
