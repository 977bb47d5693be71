import { setTimeout as sleep } from 'node:timers/promises';

/** Nothing came over a connection for some time, or too little to be worth waiting for. */
export class StallError extends Error {
  override readonly name = 'StallError';
}

/** A connection that brings fewer bytes a second is given up. */
const LEAST_RATE = 1000;
/** The rate is that of so many times as long as nothing may come. */
const WINDOW = 3;

/** The fewest bytes that count as progress. @param milliseconds how long nothing may come */
export function leastProgress(milliseconds: number): number {
  return (LEAST_RATE * WINDOW * milliseconds) / 1000;
}

/** Aborts a request if nothing comes for some time, or a trickle for three times as long. */
export class StallTimer {
  readonly #controller = new AbortController();
  readonly #milliseconds: number;
  #silence: NodeJS.Timeout;
  #window: NodeJS.Timeout | undefined;
  #bytes = 0;

  /** @param milliseconds how long nothing may come */
  constructor(milliseconds: number) {
    this.#milliseconds = milliseconds;
    this.#silence = this.#start();
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Something came: the time without anything begins again. */
  received(bytes: number): void {
    this.#bytes += bytes;
    clearTimeout(this.#silence);
    this.#silence = this.#start();
    this.#window ??= setInterval(() => this.#checkRate(), WINDOW * this.#milliseconds);
  }

  stop(): void {
    clearTimeout(this.#silence);
    clearInterval(this.#window);
  }

  #checkRate(): void {
    if (this.#bytes < leastProgress(this.#milliseconds)) {
      const seconds = (WINDOW * this.#milliseconds) / 1000;
      this.#abort(`only ${this.#bytes} bytes were received in ${seconds} s`);
    }
    this.#bytes = 0;
  }

  #start(): NodeJS.Timeout {
    const reason = `nothing was received for ${this.#milliseconds / 1000} s`;
    return setTimeout(() => this.#abort(reason), this.#milliseconds);
  }

  #abort(reason: string): void {
    this.#controller.abort(new StallError(reason));
  }
}

/** A connection that was given up, to be tried again. */
export interface Stall {
  /** What was requested. */
  readonly what: string;
  /** Such as "nothing was received for 10 s". */
  readonly reason: string;
  /** Number of the attempt that follows, from 2. */
  readonly attempt: number;
  readonly attempts: number;
}

/** Attempts in a row without progress before a download fails. */
export const MAX_ATTEMPTS = 4;
const FIRST_PAUSE_MS = 500;

/** Waits before another attempt, each time twice as long; ends at once if the signal aborts. @param failures so far, from 1 */
export async function pauseAfter(failures: number, signal: AbortSignal | undefined): Promise<void> {
  const milliseconds = FIRST_PAUSE_MS * 2 ** (failures - 1);
  await sleep(milliseconds, undefined, signal && { signal }).catch(() => {});
}
