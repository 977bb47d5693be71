/** From its answer to a request, VS Code needs so long to listen again. */
const LISTENS_AFTER_MS = 500;

/**
 * Asks for inlay hints again that were overtaken. VS Code stops to listen to their changes when it requests them, and listens again
 * when it has the answers of all extensions: what changes meanwhile would stay unseen until the next change, and after the last one
 * for good.
 */
export class Overtaken {
  readonly #ask: () => void;
  /** Changes so far. */
  #count = 0;

  /** @param ask makes VS Code request anew, if it listens */
  constructor(ask: () => void) {
    this.#ask = ask;
  }

  /** Something has changed that answers depend on. */
  changed(): void {
    this.#count++;
    this.#ask();
  }

  /** @param make gives the answer to a request from what is known now, and reads what that needs */
  async answer<T>(make: () => Promise<T>): Promise<T> {
    const asked = this.#count;
    try {
      return await make();
    } finally {
      setTimeout(() => {
        if (this.#count !== asked) this.#ask();
      }, LISTENS_AFTER_MS);
    }
  }
}
