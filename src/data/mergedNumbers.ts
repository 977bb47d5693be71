/** Finds columns whose different values float32 does not distinguish, such as times in seconds. */

/** Remembered values of a column: enough to meet most of those that merge, wherever in the file they are. */
const SLOTS = 64;

/** Two random numbers are the same in float32 once in 2²⁴ pairs: only more than that says something about a column. */
const SHARE = 1e-3;

export class MergedNumbers {
  readonly #columns: number;
  /** The last value of each slot, column by column. */
  readonly #values: Float64Array;
  readonly #merged: Float64Array;
  #count = 0;

  constructor(columns: number) {
    this.#columns = columns;
    this.#values = new Float64Array(columns * SLOTS).fill(Number.NaN);
    this.#merged = new Float64Array(columns);
  }

  /** Takes the value of a column in the next row; columns in their order. */
  add(column: number, value: number): void {
    const rounded = Math.fround(value);
    const slot = column * SLOTS + slotOf(rounded);
    const last = this.#values[slot]!;
    if (value !== last && rounded === Math.fround(last)) this.#merged[column]!++;
    this.#values[slot] = value;
    if (column === this.#columns - 1) this.#count++;
  }

  /** Columns that merge values, as indices. */
  get columns(): number[] {
    const few = SHARE * this.#count;
    return [...this.#merged.keys()].filter((column) => this.#merged[column]! > few);
  }
}

const bits = new Uint32Array(1);
const float = new Float32Array(bits.buffer);

/** Equal values have equal slots. */
function slotOf(rounded: number): number {
  float[0] = rounded === 0 ? 0 : rounded;
  return (Math.imul(bits[0]!, 0x9e3779b1) >>> 26) % SLOTS;
}
