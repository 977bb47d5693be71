/** Rows that `append` takes in one pass over the rows present. */
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
  readonly #cos: Float64Array;
  readonly #sin: Float64Array;

  /**
   * @param capacity most rows
   * @param tolerance a row whose pivot (squared distance to the span of those before it) is at most this, times the number of
   * rows, counts as dependent
   */
  constructor(capacity: number, tolerance: number) {
    this.#tolerance = tolerance;
    this.rows = new Float64Array(capacity * capacity);
    this.y = new Float64Array(capacity);
    this.#reciprocal = new Float64Array(capacity);
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

  /** Solves for the columns before `first` of the PANEL rows from `first` on, four columns at a time: 16 sums in flight. */
  #reducePanel(first: number): void {
    const { rows, stride } = this;
    const row0 = first * stride;
    const row1 = row0 + stride;
    const row2 = row1 + stride;
    const row3 = row2 + stride;
    let j = 0;
    for (; j + 3 < first; j += 4) {
      const column0 = j * stride;
      const column1 = column0 + stride;
      const column2 = column1 + stride;
      const column3 = column2 + stride;
      let s00 = 0;
      let s01 = 0;
      let s02 = 0;
      let s03 = 0;
      let s10 = 0;
      let s11 = 0;
      let s12 = 0;
      let s13 = 0;
      let s20 = 0;
      let s21 = 0;
      let s22 = 0;
      let s23 = 0;
      let s30 = 0;
      let s31 = 0;
      let s32 = 0;
      let s33 = 0;
      for (let x = 0; x < j; x++) {
        const a0 = rows[row0 + x]!;
        const a1 = rows[row1 + x]!;
        const a2 = rows[row2 + x]!;
        const a3 = rows[row3 + x]!;
        const b0 = rows[column0 + x]!;
        const b1 = rows[column1 + x]!;
        const b2 = rows[column2 + x]!;
        const b3 = rows[column3 + x]!;
        s00 += a0 * b0;
        s01 += a0 * b1;
        s02 += a0 * b2;
        s03 += a0 * b3;
        s10 += a1 * b0;
        s11 += a1 * b1;
        s12 += a1 * b2;
        s13 += a1 * b3;
        s20 += a2 * b0;
        s21 += a2 * b1;
        s22 += a2 * b2;
        s23 += a2 * b3;
        s30 += a3 * b0;
        s31 += a3 * b1;
        s32 += a3 * b2;
        s33 += a3 * b3;
      }
      this.#solveTile(row0, j, s00, s01, s02, s03);
      this.#solveTile(row1, j, s10, s11, s12, s13);
      this.#solveTile(row2, j, s20, s21, s22, s23);
      this.#solveTile(row3, j, s30, s31, s32, s33);
    }
    for (let row = row0; row <= row3; row += stride) this.#solveEntries(row, j, first);
  }

  /** Entries j…j+3 of a row, given its products with the four rows from j on over the columns before j. */
  #solveTile(row: number, j: number, s0: number, s1: number, s2: number, s3: number): void {
    const { rows, stride } = this;
    const reciprocal = this.#reciprocal;
    const b1 = (j + 1) * stride + j;
    const b2 = b1 + stride;
    const b3 = b2 + stride;
    const at = row + j;
    const l0 = (rows[at]! - s0) * reciprocal[j]!;
    const l1 = (rows[at + 1]! - s1 - l0 * rows[b1]!) * reciprocal[j + 1]!;
    const l2 = (rows[at + 2]! - s2 - l0 * rows[b2]! - l1 * rows[b2 + 1]!) * reciprocal[j + 2]!;
    const l3 =
      (rows[at + 3]! - s3 - l0 * rows[b3]! - l1 * rows[b3 + 1]! - l2 * rows[b3 + 2]!) *
      reciprocal[j + 3]!;
    rows[at] = l0;
    rows[at + 1] = l1;
    rows[at + 2] = l2;
    rows[at + 3] = l3;
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
