/** Sums over the rows of a Gram matrix, and how far rounding can put them off. */

/** Largest relative error of one rounded float64 operation. */
export const UNIT_ROUNDOFF = 2 ** -53;

/** ε = 8(k+2)u: how far, relative to the size of what is summed, a sum over k groups may be off; see `certify`. */
export function roundingOf(k: number): number {
  return 8 * (k + 2) * UNIT_ROUNDOFF;
}

/**
 * sum = Σ coefficients[p]·row(indices[p]) over the first `count` rows named, of a matrix with rows of length k = `sum.length`
 * or more. Four rows at a time: the sum is loaded and stored a quarter as often.
 */
export function combineRows(
  matrix: Float64Array,
  k: number,
  indices: Int32Array,
  coefficients: Float64Array,
  count: number,
  sum: Float64Array,
): void {
  for (let i = 0; i < k; i++) sum[i] = 0;
  let p = 0;
  for (; p + 3 < count; p += 4) {
    const row0 = indices[p]! * k;
    const row1 = indices[p + 1]! * k;
    const row2 = indices[p + 2]! * k;
    const row3 = indices[p + 3]! * k;
    const c0 = coefficients[p]!;
    const c1 = coefficients[p + 1]!;
    const c2 = coefficients[p + 2]!;
    const c3 = coefficients[p + 3]!;
    for (let i = 0; i < k; i++) {
      sum[i]! +=
        c0 * matrix[row0 + i]! +
        c1 * matrix[row1 + i]! +
        (c2 * matrix[row2 + i]! + c3 * matrix[row3 + i]!);
    }
  }
  for (; p < count; p++) {
    const row = indices[p]! * k;
    const c = coefficients[p]!;
    for (let i = 0; i < k; i++) sum[i]! += c * matrix[row + i]!;
  }
}
