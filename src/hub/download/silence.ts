import { setTimeout as sleep } from 'node:timers/promises';

/** Nothing came over a connection for some time. */
export class SilenceError extends Error {
  override readonly name = 'SilenceError';
}

/** Aborts a request if nothing comes for some time. */
export class SilenceTimer {
  readonly #controller = new AbortController();
  readonly #milliseconds: number;
  #timer: NodeJS.Timeout;

  constructor(milliseconds: number) {
    this.#milliseconds = milliseconds;
    this.#timer = this.#start();
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Something came: the time begins again. */
  restart(): void {
    clearTimeout(this.#timer);
    this.#timer = this.#start();
  }

  stop(): void {
    clearTimeout(this.#timer);
  }

  #start(): NodeJS.Timeout {
    return setTimeout(() => {
      const seconds = this.#milliseconds / 1000;
      this.#controller.abort(new SilenceError(`nothing was received for ${seconds} s`));
    }, this.#milliseconds);
  }
}

/** A connection that was given up, to be tried again. */
export interface Stall {
  /** What was requested. */
  readonly what: string;
  /** How long nothing came. */
  readonly milliseconds: number;
  /** Number of the attempt that follows, from 2. */
  readonly attempt: number;
  readonly attempts: number;
}

/** Attempts in a row without a new byte before a download fails. */
export const MAX_ATTEMPTS = 4;
const FIRST_PAUSE_MS = 500;

/** Waits before another attempt, each time twice as long; ends at once if the signal aborts. @param failures so far, from 1 */
export async function pauseAfter(failures: number, signal: AbortSignal | undefined): Promise<void> {
  const milliseconds = FIRST_PAUSE_MS * 2 ** (failures - 1);
  await sleep(milliseconds, undefined, signal && { signal }).catch(() => {});
}
