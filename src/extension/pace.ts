/** How fast something goes on, from the last minute that it was watched. */
const WINDOW_MS = 60_000;
/** Before that, a figure would jump about. */
const LEAST_MS = 3_000;

interface Sample {
  readonly at: number;
  readonly done: number;
}

/** The steps of an experiment over time, its validations and pauses included. */
export class Pace {
  #samples: readonly Sample[] = [];

  /** @param at milliseconds of any clock, not before the last @param done steps so far, of all runs */
  add(at: number, done: number): void {
    const last = this.#samples.at(-1);
    if (last && done < last.done) this.#samples = [];
    const recent = this.#samples.filter((sample) => at - sample.at <= WINDOW_MS);
    this.#samples = [...recent, { at, done }];
  }

  /** Steps per second; null while too little was seen. */
  get perSecond(): number | null {
    const [first, last] = [this.#samples[0], this.#samples.at(-1)];
    if (!first || !last || last.at - first.at < LEAST_MS || last.done === first.done) return null;
    return (1000 * (last.done - first.done)) / (last.at - first.at);
  }

  /** Milliseconds that so many steps will take; null while that is not known. */
  timeFor(steps: number): number | null {
    const { perSecond } = this;
    return perSecond === null ? null : (1000 * steps) / perSecond;
  }
}
