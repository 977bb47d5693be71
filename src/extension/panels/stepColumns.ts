import type {
  Column,
  Columns,
  SeriesName,
  SortedWeights,
  WindowRequest,
} from '../messages/columns.ts';
import type { StepSeries } from './stepSeries.ts';

/** When a step was logged, and what it trained on. */
interface Logged {
  readonly step: number;
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly examples: number;
  /** Largest first. */
  readonly weights: readonly number[];
}

/** Most steps of which all weights are drawn. */
const SAMPLES = 128;

type Window = Pick<WindowRequest, 'from' | 'to' | 'columns'>;

/** The series of a run's steps, of which any range is given in as many columns as are asked for. */
export class StepColumns {
  readonly #steps: number[] = [];
  readonly #weights: (readonly number[])[] = [];
  readonly #examples: number[] = [];
  readonly #elapsed: number[] = [];
  readonly #series = new Map<string, number[]>();
  /** When the training that the next step belongs to was started or resumed, or its latest step logged. */
  #clock: number | undefined;

  get length(): number {
    return this.#steps.length;
  }

  /** Time between the last step and a resumption is a pause. */
  started(at: number): void {
    this.#clock = at;
  }

  push({ step, at, examples, weights }: Logged, values: StepSeries): void {
    const before = this.#steps.length;
    const passed = Math.max(0, at - (this.#clock ?? at));
    this.#clock = at;
    this.#steps.push(step);
    this.#weights.push(weights);
    this.#examples.push((this.#examples.at(-1) ?? 0) + examples);
    this.#elapsed.push((this.#elapsed.at(-1) ?? 0) + passed);
    for (const name of Object.keys(values)) {
      if (!this.#series.has(name)) this.#series.set(name, new Array(before).fill(null));
    }
    for (const [name, of] of this.#series) {
      const value = values[name as SeriesName] ?? null;
      of.push(
        value === null ? Number.NaN : Number.isFinite(value) ? value : Number.POSITIVE_INFINITY,
      );
    }
  }

  /**
   * Columns of the smallest power of two of steps that fit; their borders stay where they are while the run grows.
   *
   * @param since number of logged steps that the reader has already: columns before them are left out
   */
  window({ from, to, columns }: Window, names: readonly SeriesName[], since = 0): Columns {
    const begin = from === null ? 0 : this.#placeOf(from);
    const end = to === null ? this.#steps.length : this.#placeOf(to + 1);
    const width = widthOf(begin, end, columns);
    const first = Math.floor(Math.max(begin, since) / width);
    const count = Math.max(0, Math.ceil(end / width) - first);
    const starts = Float64Array.from({ length: count }, (_, i) =>
      Math.max(begin, (first + i) * width),
    );
    const ends = Float64Array.from({ length: count }, (_, i) =>
      Math.min(end, (first + i + 1) * width),
    );
    return {
      bucket: width,
      lastStep: this.#steps.at(-1) ?? 0,
      first: starts.map((at) => this.#steps[at]!),
      last: ends.map((at) => this.#steps[at - 1]!),
      examples: ends.map((at) => this.#examples[at - 1]!),
      elapsed: ends.map((at) => this.#elapsed[at - 1]!),
      series: Object.fromEntries(
        names.flatMap((name) => {
          const values = this.#series.get(name);
          return values ? [[name, columnOf(values, starts, ends)]] : [];
        }),
      ),
    };
  }

  /** Of single steps all over the window, each the last of as many as the others. */
  sortedWeights({ from, to }: Window): SortedWeights {
    const { last } = this.window({ from, to, columns: SAMPLES }, []);
    const weights = Array.from(last, (step) => this.#weights[this.#placeOf(step)]!);
    return { steps: [...last], weights };
  }

  /** Place of the first logged step that is not before the given one. */
  #placeOf(step: number): number {
    let [low, high] = [0, this.#steps.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#steps[middle]! < step) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

/** Steps in a column, so that a window has at most `columns` of them. */
export function widthOf(begin: number, end: number, columns: number): number {
  let width = 1;
  while (Math.ceil(end / width) - Math.floor(begin / width) > columns && width < end) width *= 2;
  return width;
}

function columnOf(values: readonly number[], starts: Float64Array, ends: Float64Array): Column {
  const { length } = starts;
  const column = {
    min: new Float64Array(length).fill(Number.NaN),
    max: new Float64Array(length).fill(Number.NaN),
    mean: new Float64Array(length).fill(Number.NaN),
    known: new Float64Array(length),
    nonFinite: new Float64Array(length),
  };
  for (let i = 0; i < length; i++) {
    let [min, max, sum, count] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 0, 0];
    for (let at = starts[i]!; at < ends[i]!; at++) {
      const value = values[at]!;
      if (!Number.isNaN(value)) column.known[i]!++;
      if (value === Number.POSITIVE_INFINITY) column.nonFinite[i]!++;
      if (!Number.isFinite(value)) continue;
      min = Math.min(min, value);
      max = Math.max(max, value);
      sum += value;
      count++;
    }
    if (count === 0) continue;
    column.min[i] = min;
    column.max[i] = max;
    column.mean[i] = sum / count;
  }
  return column;
}
