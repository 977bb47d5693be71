/** Finds which of many texts begin at a position of another text. Units are UTF-16 units. */
export class Trie {
  /** Child by parent · 2¹⁶ + unit; the root is 0. */
  readonly #children = new Map<number, number>();
  /** Value by node. */
  readonly #values: (number | undefined)[] = [undefined];

  set(text: string, value: number): void {
    let node = 0;
    for (let i = 0; i < text.length; i++) {
      const key = node * 0x10000 + text.charCodeAt(i);
      let child = this.#children.get(key);
      if (child === undefined) {
        child = this.#values.length;
        this.#values.push(undefined);
        this.#children.set(key, child);
      }
      node = child;
    }
    this.#values[node] = value;
  }

  /** Calls back for each text that begins at a position, shortest first. */
  forEachAt(text: string, start: number, found: (end: number, value: number) => void): void {
    let node: number | undefined = 0;
    for (let i = start; i < text.length; i++) {
      node = this.#children.get(node * 0x10000 + text.charCodeAt(i));
      if (node === undefined) return;
      const value = this.#values[node];
      if (value !== undefined) found(i + 1, value);
    }
  }
}
