/**
 * A Cholesky factor M = LLᵀ whose rows can be appended and deleted, and y = L⁻¹b for one right-hand side b: what an
 * active-set method needs in each iteration. With s rows present, appending one costs s²/2 multiplications, deleting row p 2(s−p)²,
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
   * @param capacity maximum number of rows
   * @param tolerance a row whose pivot (squared distance to the span of those before it) is at most this, times the number of
   * rows, counts as dependent
   */
  constructor(capacity: number, tolerance: number) {
    this.#tolerance = tolerance;
    this.rows = new Float64Array(capacity * capacity);
    this.#reciprocal = new Float64Array(capacity);
    this.y = new Float64Array(capacity);
    this.#cos = new Float64Array(capacity);
    this.#sin = new Float64Array(capacity);
  }

  clear(stride: number): void {
    this.size = 0;
    this.stride = stride;
  }

  /**
   * Appends the row that was written after the last one, by forward substitution.
   *
   * @returns false if it depends on those before it; {@link expressRefused} then says how
   */
  append(): boolean {
    const { rows, size, stride, y } = this;
    const row = size * stride;
    let pivot = rows[row + size]!;
    let rest = y[size]!;
    for (let x = 0; x < size; x++) {
      const l = (rows[row + x]! - this.#product(row, x * stride, x)) * this.#reciprocal[x]!;
      rows[row + x] = l;
      pivot -= l * l;
      rest -= l * y[x]!;
    }
    if (!(pivot > this.#tolerance * (size + 1))) return false;
    const root = Math.sqrt(pivot);
    rows[row + size] = root;
    this.#reciprocal[size] = 1 / root;
    y[size] = rest / root;
    this.size++;
    return true;
  }

  /** Inner product of the first `count` entries of two rows; four sums in flight, as one would wait for each addition to end. */
  #product(a: number, b: number, count: number): number {
    const { rows } = this;
    let s0 = 0;
    let s1 = 0;
    let s2 = 0;
    let s3 = 0;
    let j = 0;
    for (; j + 3 < count; j += 4) {
      s0 += rows[a + j]! * rows[b + j]!;
      s1 += rows[a + j + 1]! * rows[b + j + 1]!;
      s2 += rows[a + j + 2]! * rows[b + j + 2]!;
      s3 += rows[a + j + 3]! * rows[b + j + 3]!;
    }
    for (; j < count; j++) s0 += rows[a + j]! * rows[b + j]!;
    return s0 + s1 + (s2 + s3);
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
