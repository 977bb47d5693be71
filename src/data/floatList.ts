/** Float32 values appended one by one, in memory that doubles as it fills. */
export class FloatList {
  #values = new Float32Array(1024);
  #length = 0;

  push(value: number): void {
    if (this.#length === this.#values.length) {
      const doubled = new Float32Array(2 * this.#length);
      doubled.set(this.#values);
      this.#values = doubled;
    }
    this.#values[this.#length++] = value;
  }

  toArray(): Float32Array {
    return this.#values.slice(0, this.#length);
  }
}
