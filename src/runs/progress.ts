import { type RunAlarm, withAlarm } from './alarms.ts';
import { parseEvent, type RunEvent } from './events.ts';
import type { RunFailure } from './failure.ts';
import { runFile } from './grainFolder.ts';
import type { Lifecycle } from './status.ts';
import { LineTail } from './tail.ts';

/** Progress of a run according to its log. */
export interface Progress {
  readonly lifecycle: Lifecycle;
  /** Steps taken. */
  readonly step: number;
  /** Share of a long validation that is done, 0…1; null while there is none. */
  readonly validating: number | null;
  /** Of the last validation; a metric that was not finite is NaN. */
  readonly metrics: Readonly<Record<string, number>>;
  /** Milliseconds since the Unix epoch. */
  readonly startedAt: number | null;
  /** Null while the run has not ended, or after it was resumed. */
  readonly endedAt: number | null;
  /** When something was last logged; null before. */
  readonly changedAt: number | null;
  /** Null for a run that has not failed, or was resumed. */
  readonly failure: RunFailure | null;
  /** In the order in which they were raised. */
  readonly alarms: readonly RunAlarm[];
}

const BEGINNING: Progress = {
  lifecycle: null,
  step: 0,
  validating: null,
  metrics: {},
  startedAt: null,
  endedAt: null,
  changedAt: null,
  failure: null,
  alarms: [],
};

/** Start of a step's line as this package writes it. Most lines are steps, and only the last one matters. */
const STEP_PREFIX = '{"kind":"step"';

/** Follows the log of a run for its progress only: of many new steps it parses the last. */
export class ProgressTail {
  readonly #lines: LineTail;
  #restarts = 0;
  #progress = BEGINNING;

  /** @param folder of the run; the log need not exist yet */
  constructor(folder: string) {
    this.#lines = new LineTail(runFile(folder, 'events'));
  }

  async read(): Promise<Progress> {
    const lines = await this.#lines.read();
    if (this.#lines.restarts !== this.#restarts) this.#progress = BEGINNING;
    this.#restarts = this.#lines.restarts;
    const lastStep = lines.findLastIndex((line) => line.startsWith(STEP_PREFIX));
    lines.forEach((line, i) => {
      if (line.startsWith(STEP_PREFIX) && i < lastStep) return;
      const event = parseEvent(line);
      if (typeof event === 'string') return;
      const validating = event.kind === 'validating' ? event.done : null;
      this.#progress = { ...after(this.#progress, event), validating, changedAt: event.at };
    });
    return this.#progress;
  }
}

function after(progress: Progress, event: RunEvent): Omit<Progress, 'validating' | 'changedAt'> {
  switch (event.kind) {
    case 'start': {
      return {
        ...progress,
        lifecycle: 'started',
        startedAt: progress.startedAt ?? event.at,
        endedAt: null,
        failure: null,
      };
    }
    case 'step':
      return { ...progress, step: event.step };
    case 'validation': {
      const metrics = Object.entries(event.metrics).map(([name, fact]) => [name, fact ?? NaN]);
      return { ...progress, metrics: Object.fromEntries(metrics) };
    }
    case 'end':
      return {
        ...progress,
        lifecycle: event.status,
        endedAt: event.at,
        failure: event.status === 'failed' ? event.failure : null,
      };
    case 'alarm':
      return { ...progress, alarms: withAlarm(progress.alarms, event) };
    case 'validating':
    case 'checkpoint':
    case 'warning':
      return progress;
  }
}
