/** While something changes by itself, what was read is at most this old. */
const POLL_MS = 500;
/** Files change in bursts: one reading after a burst is enough. */
const SETTLE_MS = 100;

interface Options {
  /** Reads what there is now, and reports it. */
  readonly read: () => Promise<void>;
  /** Whether what was read changes by itself. */
  readonly isActive: () => boolean;
}

/** Decides when files are read: twice a second while they change by themselves, and otherwise after a change. */
export class Polling {
  readonly #options: Options;
  #reading: Promise<void> | undefined;
  #readAgain = false;
  /** A change was seen while files were read: they may have been read before it. */
  #missed = false;
  #timer: NodeJS.Timeout | undefined;
  #expecting = 0;
  #disposed = false;

  constructor(options: Options) {
    this.#options = options;
  }

  /** Reads now. A call while files are read makes one more reading follow. */
  refresh(): Promise<void> {
    if (this.#reading) {
      this.#readAgain = true;
      return this.#reading;
    }
    this.#stopWaiting();
    this.#missed = false;
    this.#reading = this.#readUntilSettled().finally(() => {
      this.#reading = undefined;
      this.#schedule();
    });
    return this.#reading;
  }

  /** A file has changed. Further changes do not put the reading off: they might never end. */
  changed(): void {
    if (this.#reading) this.#missed = true;
    else if (this.#timer === undefined) this.#wait(SETTLE_MS);
  }

  /** Reads twice a second, until the result is disposed. */
  expect(): { dispose(): void } {
    this.#expecting++;
    if (!this.#reading) this.#schedule();
    return { dispose: () => this.#expecting-- };
  }

  dispose(): void {
    this.#disposed = true;
    this.#stopWaiting();
  }

  async #readUntilSettled(): Promise<void> {
    do {
      this.#readAgain = false;
      await this.#options.read();
    } while (this.#readAgain && !this.#disposed);
  }

  #schedule(): void {
    if (this.#expecting > 0 || this.#options.isActive()) this.#wait(POLL_MS);
    else if (this.#missed) this.#wait(SETTLE_MS);
  }

  #wait(delay: number): void {
    this.#stopWaiting();
    if (!this.#disposed) this.#timer = setTimeout(() => void this.refresh(), delay);
  }

  #stopWaiting(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }
}
