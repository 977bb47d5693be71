import type { StartEvent } from '../../runs/events.ts';
import type { RunIndex } from '../../runs/index/runIndex.ts';
import type { WindowOfRun } from '../../runs/index/window.ts';

/** Places of which the examples before them are known, if steps have different numbers of examples. */
const KNOWN = 256;

/** Time between a checkpoint and the resumption from it. */
interface Pause {
  readonly from: number;
  readonly to: number;
}

/** How many examples a run has seen, and how long it has trained, at its steps. */
export class RunClock {
  readonly #index: RunIndex;
  #startedAt = Number.NaN;
  #pauses: readonly Pause[] = [];

  constructor(index: RunIndex) {
    this.#index = index;
  }

  /** After the run was started or resumed. */
  async resumed(starts: readonly StartEvent[]): Promise<void> {
    this.#startedAt = starts[0]?.at ?? Number.NaN;
    const pauses = starts.slice(1).map(async ({ at, fromStep }): Promise<Pause> => {
      const before = await this.#index.window({ from: fromStep, to: fromStep, columns: 1 }, []);
      return { from: before.at.at(-1) ?? at, to: at };
    });
    this.#pauses = await Promise.all(pauses);
  }

  /** Milliseconds of training, without pauses, at times in milliseconds since the Unix epoch. */
  async elapsed(times: Float64Array): Promise<Float64Array> {
    let start = this.#startedAt;
    if (Number.isNaN(start)) {
      // Another trainer need not log when it started.
      const [first = 0] = (await this.#index.window({ from: 0, to: 1, columns: 1 }, [])).at;
      start = first;
    }
    return times.map((time) => {
      const paused = this.#pauses.filter(({ to }) => to <= time);
      return Math.max(0, time - start - paused.reduce((sum, { from, to }) => sum + to - from, 0));
    });
  }

  /** Examples in all steps up to the end of each bucket of a window. */
  async examples({ before, bucket, last }: WindowOfRun): Promise<Float64Array> {
    const { count } = this.#index;
    const sizeOf = await this.#examplesBefore();
    return last.map((_, i) => sizeOf(Math.min(count, before + (i + 1) * bucket)));
  }

  /** The number of examples in so many steps: exact where all steps have as many, or else in proportion between known places. */
  async #examplesBefore(): Promise<(steps: number) => number> {
    const all = { from: 0, to: Number.MAX_SAFE_INTEGER };
    const { series } = await this.#index.window({ ...all, columns: 1 }, ['examples']);
    const size = series.examples;
    if (!size || size.min[0] === size.max[0]) return (steps) => steps * (size?.min[0] ?? 0);
    const known = await this.#index.window({ ...all, columns: KNOWN }, ['examples']);
    const { mean, known: counts } = known.series.examples!;
    const sums = [0];
    for (const [i, of] of mean.entries()) sums.push(sums[i]! + of * counts[i]!);
    return (steps) => {
      const at = Math.min(mean.length - 1, Math.floor(steps / known.bucket));
      return sums[at]! + (steps - at * known.bucket) * mean[at]!;
    };
  }
}
