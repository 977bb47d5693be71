import { type Better, betterOf } from '../config/ranking.ts';
import type { EarlyStopping } from '../config/schema.ts';
import { formatCount } from '../runs/format.ts';

/** Watches the validations of a run for one that should have been its last. */
export class StagnationWatch {
  readonly #metric: string;
  readonly #patience: number;
  readonly #minDelta: number;
  readonly #sign: 1 | -1;
  /** In the direction in which larger is better; −∞ before the first validation. */
  #best = Number.NEGATIVE_INFINITY;
  /** Validations since the last one that improved on the best. */
  #waited = 0;

  /** @param ranking the metric that ranks checkpoints: watched unless the settings name another one */
  constructor({ metric, patience, minDelta }: EarlyStopping, ranking: string) {
    this.#metric = metric ?? ranking;
    this.#patience = patience;
    this.#minDelta = minDelta;
    const known: Readonly<Record<string, Better>> = betterOf;
    this.#sign = known[this.#metric] === 'lower' ? -1 : 1;
  }

  /** @param metrics of the next validation; one that is not finite improves on nothing */
  add(metrics: Readonly<Record<string, number | null>>): void {
    const value = this.#sign * (metrics[this.#metric] ?? Number.NaN);
    if (value > this.#best + this.#minDelta) {
      this.#best = value;
      this.#waited = 0;
    } else {
      this.#waited++;
    }
  }

  /** Why the run should end, in a sentence; null while it should go on. */
  get reason(): string | null {
    if (this.#waited < this.#patience) return null;
    const by = this.#minDelta > 0 ? ` by more than ${this.#minDelta}` : '';
    return `Stopped early: in ${formatCount(this.#patience, 'validation')} ${this.#metric} has not improved${by} on its best, ${Number((this.#sign * this.#best).toPrecision(4))}`;
  }
}
