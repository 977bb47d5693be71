/** How long the runs of a launch will still take, at the pace of those so far. */
import type { TrainingRun } from '../../training/trainingLoop.ts';

export class TimeLeft {
  readonly #runs: readonly TrainingRun[];
  readonly #now: () => number;
  readonly #startedAt: number;
  #stepsTaken = 0;

  /** @param now milliseconds; another clock in tests */
  constructor(runs: readonly TrainingRun[], now: () => number = () => performance.now()) {
    this.#runs = runs;
    this.#now = now;
    this.#startedAt = now();
  }

  /** "3/40": which of the runs it is. */
  placeOf(run: TrainingRun): string {
    return `${this.#runs.indexOf(run) + 1}/${this.#runs.length}`;
  }

  step(): void {
    this.#stepsTaken++;
  }

  /** Steps a second, validations and checkpoints included. */
  get rate(): number {
    return (1000 * this.#stepsTaken) / (this.#now() - this.#startedAt);
  }

  /** "0:07", "1:02:33", until all runs have ended; null before the first step. @param step of the run that is being trained */
  after(run: TrainingRun, step: number): string | null {
    if (this.#stepsTaken === 0) return null;
    const later = this.#runs
      .slice(this.#runs.indexOf(run) + 1)
      .reduce((sum, { manifest }) => sum + manifest.steps, 0);
    return clock((run.manifest.steps - step + later) / this.rate);
  }
}

function clock(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  const [h, m, s] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  const tail = `${m}:${String(s).padStart(2, '0')}`;
  return h > 0 ? `${h}:${tail.padStart(5, '0')}` : tail;
}
