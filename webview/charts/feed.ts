import { ThinnedSeries } from './thinning.ts';

/** Most points drawn of one series; more than a screen has columns of pixels. */
const DRAWN = 1500;

export interface XY {
  x: number;
  y: number | null;
}

export interface Column<T> {
  /** The data array of a dataset; Chart.js notices what is pushed into it. */
  readonly data: XY[];
  readonly y: (point: T) => number | null;
}

/** Lets a growing list of steps flow into the data arrays of a chart, thinned where there are too many. */
export class Feed<T extends { readonly step: number }> {
  readonly #columns: readonly Column<T>[];
  #series = new ThinnedSeries<T>(DRAWN);

  constructor(columns: readonly Column<T>[]) {
    this.#columns = columns;
    for (const { data } of columns) data.splice(0, data.length);
  }

  push(points: readonly T[]): void {
    const patch = this.#series.push(points);
    for (const { data, y } of this.#columns) {
      const fresh = patch.points.map((point) => ({ x: point.step, y: y(point) }));
      data.splice(patch.from, data.length - patch.from, ...fresh);
    }
  }

  /** One step in so many is drawn. */
  get stride(): number {
    return this.#series.stride;
  }
}
