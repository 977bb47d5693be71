/** How many results are kept: each may hold data. */
const KEPT = 8;

/** Results by what decides them. Of more than are kept the first stay: going round them again finds most. */
export class Memo {
  readonly #results = new Map<string, unknown>();

  /** @param by all that decides the result, and which kind it is; as JSON */
  async of<T>(by: unknown, make: () => Promise<T>): Promise<T> {
    const key = JSON.stringify(by);
    if (this.#results.has(key)) return this.#results.get(key) as T;
    const made = await make();
    if (this.#results.size === KEPT) this.#results.delete([...this.#results.keys()].at(-1)!);
    this.#results.set(key, made);
    return made;
  }
}
