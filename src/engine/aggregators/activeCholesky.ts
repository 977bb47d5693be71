import { type PanelKernel, panelKernel } from './panel.ts';

/** Rows that `append` takes in one pass over the rows present, as the kernel does. */
export const PANEL = 4;

/**
 * A Cholesky factor M = LLᵀ of which rows come and go, and with it y = L⁻¹b for one right-hand side b: what an active-set
 * method asks for once an iteration. With s rows present, appending one costs s²/2 multiplications, deleting row p 2(s−p)²,
 * solving s²/2.
 */
export class ActiveCholesky {
  size = 0;
  /** Distance in `rows` between the beginnings of two rows. */
  stride = 0;
  /**
   * L, lower triangle, row i from i·stride on. Rows of M to be appended are written here too, after the last row present,
   * each up to its diagonal entry.
   */
  readonly rows: Float64Array;
  /** y; entries of b to be appended are written after its last one. */
  readonly y: Float64Array;
  /** 1/Lᵢᵢ: a division takes several times as long as a multiplication, and each entry waits for the one before. */
  readonly #reciprocal: Float64Array;
  readonly #tolerance: number;
  readonly #kernel: PanelKernel;
  readonly #cos: Float64Array;
  readonly #sin: Float64Array;

  /**
   * @param capacity most rows
   * @param tolerance a row whose pivot (squared distance to the span of those before it) is at most this, times the number of
   * rows, counts as dependent
   */
  constructor(capacity: number, tolerance: number) {
    this.#tolerance = tolerance;
    const square = capacity * capacity;
    this.#kernel = panelKernel(square + capacity);
    this.rows = this.#kernel.numbers.subarray(0, square);
    this.#reciprocal = this.#kernel.numbers.subarray(square);
    this.y = new Float64Array(capacity);
    this.#cos = new Float64Array(capacity);
    this.#sin = new Float64Array(capacity);
  }

  clear(stride: number): void {
    this.size = 0;
    this.stride = stride;
  }

  /**
   * Appends rows written after the last one, in order, up to the first that depends on those before it.
   *
   * @param count how many, 1…PANEL
   * @returns how many were appended; if fewer than `count`, {@link expressRefused} tells of the next one
   */
  append(count: number): number {
    const first = this.size;
    if (count === PANEL) this.#reducePanel(first);
    for (let i = first; i < first + count; i++) {
      if (!this.#finishRow(i, count === PANEL ? first : 0)) return i - first;
      this.size = i + 1;
    }
    return count;
  }

  /** The PANEL rows from `first` on, in the columns before it. */
  #reducePanel(first: number): void {
    const { stride } = this;
    const bytes = Float64Array.BYTES_PER_ELEMENT;
    const { byteOffset } = this.#reciprocal;
    this.#kernel.reducePanel(0, bytes * stride, byteOffset, bytes * first * stride, first);
    const rest = first - (first % PANEL);
    for (let i = first; i < first + PANEL; i++) this.#solveEntries(i * stride, rest, first);
  }

  /** Entries `from`…`to`−1 of a row; four sums in flight, as one would wait for each addition to end. */
  #solveEntries(row: number, from: number, to: number): void {
    const { rows, stride } = this;
    for (let x = from; x < to; x++) {
      const column = x * stride;
      let s0 = 0;
      let s1 = 0;
      let s2 = 0;
      let s3 = 0;
      let j = 0;
      for (; j + 3 < x; j += 4) {
        s0 += rows[row + j]! * rows[column + j]!;
        s1 += rows[row + j + 1]! * rows[column + j + 1]!;
        s2 += rows[row + j + 2]! * rows[column + j + 2]!;
        s3 += rows[row + j + 3]! * rows[column + j + 3]!;
      }
      for (; j < x; j++) s0 += rows[row + j]! * rows[column + j]!;
      rows[row + x] = (rows[row + x]! - (s0 + s1 + (s2 + s3))) * this.#reciprocal[x]!;
    }
  }

  /** Row i of L from column `from` on, and yᵢ; false if its pivot is too small. */
  #finishRow(i: number, from: number): boolean {
    const { rows, y } = this;
    const row = i * this.stride;
    this.#solveEntries(row, from, i);
    let pivot = rows[row + i]!;
    let rest = y[i]!;
    for (let x = 0; x < i; x++) {
      const l = rows[row + x]!;
      pivot -= l * l;
      rest -= l * y[x]!;
    }
    if (!(pivot > this.#tolerance * (i + 1))) return false;
    const root = Math.sqrt(pivot);
    rows[row + i] = root;
    this.#reciprocal[i] = 1 / root;
    y[i] = rest / root;
    return true;
  }

  /** Removes row and column p of M: Givens rotations bring L, one column too wide, back to a triangle, row by row. */
  delete(p: number): void {
    const { rows, stride, y } = this;
    const cos = this.#cos;
    const sin = this.#sin;
    this.size--;
    for (let i = p; i < this.size; i++) {
      const to = i * stride;
      const from = to + stride;
      for (let j = 0; j < p; j++) rows[to + j] = rows[from + j]!;
      let carried = rows[from + p]!;
      for (let j = p; j < i; j++) {
        const next = rows[from + j + 1]!;
        rows[to + j] = cos[j]! * carried + sin[j]! * next;
        carried = cos[j]! * next - sin[j]! * carried;
      }
      const next = rows[from + i + 1]!;
      const radius = Math.sqrt(carried * carried + next * next);
      rows[to + i] = radius;
      this.#reciprocal[i] = 1 / radius;
      cos[i] = carried / radius;
      sin[i] = next / radius;
    }
    let carried = y[p]!;
    for (let j = p; j < this.size; j++) {
      const next = y[j + 1]!;
      y[j] = cos[j]! * carried + sin[j]! * next;
      carried = cos[j]! * next - sin[j]! * carried;
    }
  }

  /** x = M⁻¹b, written to the first `size` entries of `x`. */
  solve(x: Float64Array): void {
    for (let i = 0; i < this.size; i++) x[i] = this.y[i]!;
    this.#solveTransposed(x);
  }

  /** x = M⁻¹m for the row m that `append` refused last: its coefficients in terms of the rows present. */
  expressRefused(x: Float64Array): void {
    const last = this.size * this.stride;
    for (let i = 0; i < this.size; i++) x[i] = this.rows[last + i]!;
    this.#solveTransposed(x);
  }

  /** Lᵀx = x in place, by rows of L so that memory is read in order. */
  #solveTransposed(x: Float64Array): void {
    const { rows, stride } = this;
    for (let i = this.size - 1; i >= 0; i--) {
      const row = i * stride;
      const value = x[i]! * this.#reciprocal[i]!;
      x[i] = value;
      for (let j = 0; j < i; j++) x[j]! -= value * rows[row + j]!;
    }
  }
}
