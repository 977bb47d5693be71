/** A change of the drawn points: those from `from` on are replaced by `points`. */
export interface Patch<T> {
  readonly from: number;
  readonly points: readonly T[];
}

/**
 * An ever-growing series of which at most `limit` points are drawn. Every `stride`-th point is drawn; when they become
 * too many, every second one is dropped and the stride doubles, so that memory and drawing time stay bounded for runs of
 * any length. The newest point is always drawn, on the stride or not.
 */
export class ThinnedSeries<T> {
  readonly #limit: number;
  #strided: T[] = [];
  #newest: T | undefined;
  #count = 0;
  #stride = 1;

  /** @param limit most points drawn; at least 2. */
  constructor(limit: number) {
    if (!(limit >= 2)) throw new RangeError(`at least 2 points must be drawn, not ${limit}`);
    this.#limit = limit;
  }

  /** Every `stride`-th point is drawn. */
  get stride(): number {
    return this.#stride;
  }

  push(points: readonly T[]): Patch<T> {
    let from = this.#strided.length;
    for (const point of points) {
      if (this.#count % this.#stride === 0) {
        this.#strided.push(point);
        // One place is left for a newest point that is off the stride.
        if (this.#strided.length === this.#limit) {
          this.#strided = this.#strided.filter((_, index) => index % 2 === 0);
          this.#stride *= 2;
          from = 0;
        }
      }
      this.#newest = point;
      this.#count++;
    }
    return { from, points: this.#drawn(from) };
  }

  #drawn(from: number): T[] {
    const points = this.#strided.slice(from);
    const onStride = (this.#count - 1) % this.#stride === 0;
    return this.#newest === undefined || onStride ? points : [...points, this.#newest];
  }
}
