/**
 * A Cholesky factor M = LLᵀ of which rows come and go, and with it y = L⁻¹b for one right-hand side b: what an active-set
 * method asks for once an iteration. Append costs s²/2 multiplications for s rows, delete 2(s−p)² for row p, solve s²/2.
 */
export class ActiveCholesky {
  size = 0;
  readonly #capacity: number;
  /** L, lower triangle, row i from i·capacity on. */
  readonly #rows: Float64Array;
  readonly #y: Float64Array;

  constructor(capacity: number) {
    this.#capacity = capacity;
    this.#rows = new Float64Array(capacity * capacity);
    this.#y = new Float64Array(capacity);
  }

  /**
   * Adds a row and column to M.
   *
   * @param column the new row of M against the rows present, length `size`
   * @param diagonal its diagonal entry
   * @param entry its entry of b
   * @param tolerance smallest pivot (squared distance to the span of the rows present) that counts as independent
   * @returns false, and leaves the factor alone, if the row depends on those present
   */
  append(column: Float64Array, diagonal: number, entry: number, tolerance: number): boolean {
    const s = this.size;
    const rows = this.#rows;
    const last = s * this.#capacity;
    let pivot = diagonal;
    for (let i = 0; i < s; i++) {
      const row = i * this.#capacity;
      const l = (column[i]! - dot(rows, row, rows, last, i)) / rows[row + i]!;
      rows[last + i] = l;
      pivot -= l * l;
    }
    if (!(pivot > tolerance)) return false;
    const root = Math.sqrt(pivot);
    rows[last + s] = root;
    this.#y[s] = (entry - dot(rows, last, this.#y, 0, s)) / root;
    this.size = s + 1;
    return true;
  }

  /** Removes row and column p of M: Givens rotations bring L, one column too wide, back to a triangle. */
  delete(p: number): void {
    const rows = this.#rows;
    const y = this.#y;
    for (let i = p + 1; i < this.size; i++) {
      const from = i * this.#capacity;
      rows.copyWithin(from - this.#capacity, from, from + i + 1);
    }
    this.size--;
    for (let j = p; j < this.size; j++) {
      const head = j * this.#capacity + j;
      const radius = Math.hypot(rows[head]!, rows[head + 1]!);
      const cos = rows[head]! / radius;
      const sin = rows[head + 1]! / radius;
      rows[head] = radius;
      for (let i = j + 1; i < this.size; i++) {
        const at = i * this.#capacity + j;
        const left = rows[at]!;
        const right = rows[at + 1]!;
        rows[at] = cos * left + sin * right;
        rows[at + 1] = cos * right - sin * left;
      }
      const left = y[j]!;
      const right = y[j + 1]!;
      y[j] = cos * left + sin * right;
      y[j + 1] = cos * right - sin * left;
    }
  }

  /** x = M⁻¹b, written to the first `size` entries of `x`. */
  solve(x: Float64Array): void {
    x.set(this.#y.subarray(0, this.size));
    this.#solveTransposed(x);
  }

  /** x = M⁻¹m for the row m that `append` refused last: its coefficients in terms of the rows present. */
  expressRefused(x: Float64Array): void {
    const last = this.size * this.#capacity;
    x.set(this.#rows.subarray(last, last + this.size));
    this.#solveTransposed(x);
  }

  /** Lᵀx = x in place, by rows of L so that memory is read in order. */
  #solveTransposed(x: Float64Array): void {
    const rows = this.#rows;
    for (let i = this.size - 1; i >= 0; i--) {
      const row = i * this.#capacity;
      const value = x[i]! / rows[row + i]!;
      x[i] = value;
      for (let j = 0; j < i; j++) x[j]! -= value * rows[row + j]!;
    }
  }
}

/** Σ a[aFrom+i]·b[bFrom+i]; four sums in flight, as one would wait for each addition to end. */
function dot(
  a: Float64Array,
  aFrom: number,
  b: Float64Array,
  bFrom: number,
  length: number,
): number {
  let s0 = 0;
  let s1 = 0;
  let s2 = 0;
  let s3 = 0;
  let i = 0;
  for (; i + 3 < length; i += 4) {
    s0 += a[aFrom + i]! * b[bFrom + i]!;
    s1 += a[aFrom + i + 1]! * b[bFrom + i + 1]!;
    s2 += a[aFrom + i + 2]! * b[bFrom + i + 2]!;
    s3 += a[aFrom + i + 3]! * b[bFrom + i + 3]!;
  }
  for (; i < length; i++) s0 += a[aFrom + i]! * b[bFrom + i]!;
  return s0 + s1 + (s2 + s3);
}
