/** How long the runs of a launch will still take, at the pace of those so far. */
import type { RunEvent } from '../../runs/events.ts';
import type { TrainingRun } from '../../training/trainingLoop.ts';

export class TimeLeft {
  readonly #runs: readonly TrainingRun[];
  readonly #now: () => number;
  readonly #startedAt: number;
  readonly #ended = new Set<TrainingRun>();
  /** Steps of each run that has begun. */
  readonly #steps = new Map<TrainingRun, number>();
  #stepsTaken = 0;

  /** @param now milliseconds; another clock in tests */
  constructor(runs: readonly TrainingRun[], now: () => number = () => performance.now()) {
    this.#runs = runs;
    this.#now = now;
    this.#startedAt = now();
  }

  /** Runs may be trained at the same time. */
  add(run: TrainingRun, event: RunEvent): void {
    if (event.kind === 'start') this.#steps.set(run, event.fromStep);
    if (event.kind === 'end') this.#ended.add(run);
    if (event.kind !== 'step') return;
    this.#steps.set(run, event.step);
    this.#stepsTaken++;
  }

  /** "3/40": which of the runs it is. */
  placeOf(run: TrainingRun): string {
    return `${this.#runs.indexOf(run) + 1}/${this.#runs.length}`;
  }

  /** "2/40 runs": how many have ended. */
  get done(): string {
    return `${this.#ended.size}/${this.#runs.length} runs`;
  }

  /** Steps a second, of all runs together, validations and checkpoints included. */
  get rate(): number {
    return (1000 * this.#stepsTaken) / (this.#now() - this.#startedAt);
  }

  /** "0:07", "1:02:33", until all runs have ended; null before the first step. */
  get left(): string | null {
    if (this.#stepsTaken === 0) return null;
    const toGo = this.#runs
      .filter((run) => !this.#ended.has(run))
      .reduce((sum, run) => sum + run.manifest.steps - (this.#steps.get(run) ?? 0), 0);
    return clock(toGo / this.rate);
  }
}

function clock(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  const [h, m, s] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  const tail = `${m}:${String(s).padStart(2, '0')}`;
  return h > 0 ? `${h}:${tail.padStart(5, '0')}` : tail;
}
