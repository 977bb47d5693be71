// AssemblyScript; `npm run panel` compiles it into ../panel.ts. Addresses and strides are in bytes.

/**
 * Forward substitution for four rows of a Cholesky factor at once: their entries in as many columns, from the first on, as
 * there are fours in `columns`.
 *
 * @param factor where L begins, row-major lower triangle
 * @param stride from row to row of L
 * @param reciprocals where 1/Lⱼⱼ are
 * @param panel where the first of the four rows begins; holds entries of M, and of L in the end
 */
export function reducePanel(
  factor: usize,
  stride: usize,
  reciprocals: usize,
  panel: usize,
  columns: usize,
): void {
  for (let j: usize = 0; j + 4 <= columns; j += 4) {
    reducePair(factor + j * stride, stride, reciprocals + j * 8, panel, j * 8);
    reducePair(factor + j * stride, stride, reciprocals + j * 8, panel + 2 * stride, j * 8);
  }
}

/**
 * Entries j…j+3 of two rows: eight sums of two lanes, which with a pair of entries and one of each row take eleven of the
 * sixteen registers of x64.
 *
 * @param b0 where row j of L begins
 * @param a0 where the two rows begin
 * @param bytes of the columns before j
 */
function reducePair(b0: usize, stride: usize, reciprocals: usize, a0: usize, bytes: usize): void {
  const a1 = a0 + stride;
  const b1 = b0 + stride;
  const b2 = b1 + stride;
  const b3 = b2 + stride;
  let s00 = f64x2.splat(0);
  let s01 = s00;
  let s02 = s00;
  let s03 = s00;
  let s10 = s00;
  let s11 = s00;
  let s12 = s00;
  let s13 = s00;
  for (let x: usize = 0; x < bytes; x += 16) {
    const p0 = v128.load(a0 + x);
    const p1 = v128.load(a1 + x);
    const q0 = v128.load(b0 + x);
    const q1 = v128.load(b1 + x);
    const q2 = v128.load(b2 + x);
    const q3 = v128.load(b3 + x);
    s00 = f64x2.add(s00, f64x2.mul(p0, q0));
    s01 = f64x2.add(s01, f64x2.mul(p0, q1));
    s02 = f64x2.add(s02, f64x2.mul(p0, q2));
    s03 = f64x2.add(s03, f64x2.mul(p0, q3));
    s10 = f64x2.add(s10, f64x2.mul(p1, q0));
    s11 = f64x2.add(s11, f64x2.mul(p1, q1));
    s12 = f64x2.add(s12, f64x2.mul(p1, q2));
    s13 = f64x2.add(s13, f64x2.mul(p1, q3));
  }
  solveFour(b0 + bytes, stride, reciprocals, a0 + bytes, s00, s01, s02, s03);
  solveFour(b0 + bytes, stride, reciprocals, a1 + bytes, s10, s11, s12, s13);
}

/**
 * Four entries of a row, given its products with four rows of L over the columns before them.
 *
 * @param b where the 4×4 triangle of L on these columns begins
 * @param a where the entries begin
 */
function solveFour(
  b: usize,
  stride: usize,
  reciprocals: usize,
  a: usize,
  s0: v128,
  s1: v128,
  s2: v128,
  s3: v128,
): void {
  const b1 = b + stride;
  const b2 = b1 + stride;
  const b3 = b2 + stride;
  const l0 = (load<f64>(a) - total(s0)) * load<f64>(reciprocals);
  const l1 = (load<f64>(a, 8) - total(s1) - l0 * load<f64>(b1)) * load<f64>(reciprocals, 8);
  const l2 =
    (load<f64>(a, 16) - total(s2) - l0 * load<f64>(b2) - l1 * load<f64>(b2, 8)) *
    load<f64>(reciprocals, 16);
  const l3 =
    (load<f64>(a, 24) -
      total(s3) -
      l0 * load<f64>(b3) -
      l1 * load<f64>(b3, 8) -
      l2 * load<f64>(b3, 16)) *
    load<f64>(reciprocals, 24);
  store<f64>(a, l0);
  store<f64>(a, l1, 8);
  store<f64>(a, l2, 16);
  store<f64>(a, l3, 24);
}

function total(sums: v128): f64 {
  return f64x2.extract_lane(sums, 0) + f64x2.extract_lane(sums, 1);
}
