// AssemblyScript, compiled by ../build.ts. Rows are float32; addresses, strides and pitches are in bytes.
//
// T is the type in which products are made and summed over one run of columns: f32 takes four columns at a step, f64 two. The
// sums of a run are then added to float64. `sums` holds them: a square of ⌈k/4⌉·4 rows of as many slots, each of two float64 (one
// for each lane) that make up the entry together. Only slots with row ≤ column of the k×k part mean something.
//
// An entry is the sum of the same products in the same order in every tile: equal rows have equal entries.

/** Columns of a run: a run of 32 rows fills half of a 32 KiB L1 cache. */
const RUN: usize = 128;
const SLOT: usize = 16;

/** Adds the inner products of k rows, over a multiple of four columns, to sums that start from zero. */
function addProducts<T>(rows: usize, stride: usize, k: usize, columns: usize, sums: usize): void {
  const tiled: usize = (k + 3) & ~3;
  const pitch = tiled * SLOT;
  memory.fill(sums, 0, tiled * pitch);
  for (let column: usize = 0; column < columns; column += RUN) {
    const bytes = min(RUN, columns - column) * 4;
    const first = rows + column * 4;
    // Where k is no multiple of four, the last row stands in for those that are missing.
    const last = first + (k - 1) * stride;
    for (let i: usize = 0; i < k; i += 4) {
      const a0 = first + i * stride;
      const a1 = min(a0 + stride, last);
      const a2 = min(a1 + stride, last);
      const a3 = min(a2 + stride, last);
      let slots = sums + i * (pitch + SLOT);
      addTriangle<T>(a0, a1, a2, a3, bytes, slots, pitch);
      for (let j = i + 4; j < k; j += 4) {
        const b0 = first + j * stride;
        const b1 = min(b0 + stride, last);
        const b2 = min(b1 + stride, last);
        const b3 = min(b2 + stride, last);
        slots += 4 * SLOT;
        addRectangle<T>(a0, a1, b0, b1, b2, b3, bytes, slots, pitch);
        addRectangle<T>(a2, a3, b0, b1, b2, b3, bytes, slots + 2 * pitch, pitch);
      }
    }
  }
}

/** Four rows with each other: ten sums, which with the four rows and a product take fifteen of the sixteen registers of x64. */
function addTriangle<T>(
  a0: usize,
  a1: usize,
  a2: usize,
  a3: usize,
  bytes: usize,
  slots: usize,
  pitch: usize,
): void {
  let s00 = i64x2.splat(0);
  let s01 = s00;
  let s02 = s00;
  let s03 = s00;
  let s11 = s00;
  let s12 = s00;
  let s13 = s00;
  let s22 = s00;
  let s23 = s00;
  let s33 = s00;
  for (let x: usize = 0; x < bytes; x += step<T>()) {
    const p0 = columnsAt<T>(a0 + x);
    const p1 = columnsAt<T>(a1 + x);
    const p2 = columnsAt<T>(a2 + x);
    const p3 = columnsAt<T>(a3 + x);
    s00 = plusProduct<T>(s00, p0, p0);
    s01 = plusProduct<T>(s01, p0, p1);
    s02 = plusProduct<T>(s02, p0, p2);
    s03 = plusProduct<T>(s03, p0, p3);
    s11 = plusProduct<T>(s11, p1, p1);
    s12 = plusProduct<T>(s12, p1, p2);
    s13 = plusProduct<T>(s13, p1, p3);
    s22 = plusProduct<T>(s22, p2, p2);
    s23 = plusProduct<T>(s23, p2, p3);
    s33 = plusProduct<T>(s33, p3, p3);
  }
  flush<T>(slots, s00);
  flush<T>(slots + SLOT, s01);
  flush<T>(slots + 2 * SLOT, s02);
  flush<T>(slots + 3 * SLOT, s03);
  slots += pitch + SLOT;
  flush<T>(slots, s11);
  flush<T>(slots + SLOT, s12);
  flush<T>(slots + 2 * SLOT, s13);
  slots += pitch + SLOT;
  flush<T>(slots, s22);
  flush<T>(slots + SLOT, s23);
  flush<T>(slots + pitch + SLOT, s33);
}

/** Two rows with four others: more at once would not fit the registers. */
function addRectangle<T>(
  a0: usize,
  a1: usize,
  b0: usize,
  b1: usize,
  b2: usize,
  b3: usize,
  bytes: usize,
  slots: usize,
  pitch: usize,
): void {
  let s00 = i64x2.splat(0);
  let s01 = s00;
  let s02 = s00;
  let s03 = s00;
  let s10 = s00;
  let s11 = s00;
  let s12 = s00;
  let s13 = s00;
  for (let x: usize = 0; x < bytes; x += step<T>()) {
    const p0 = columnsAt<T>(a0 + x);
    const p1 = columnsAt<T>(a1 + x);
    const q0 = columnsAt<T>(b0 + x);
    s00 = plusProduct<T>(s00, p0, q0);
    s10 = plusProduct<T>(s10, p1, q0);
    const q1 = columnsAt<T>(b1 + x);
    s01 = plusProduct<T>(s01, p0, q1);
    s11 = plusProduct<T>(s11, p1, q1);
    const q2 = columnsAt<T>(b2 + x);
    s02 = plusProduct<T>(s02, p0, q2);
    s12 = plusProduct<T>(s12, p1, q2);
    const q3 = columnsAt<T>(b3 + x);
    s03 = plusProduct<T>(s03, p0, q3);
    s13 = plusProduct<T>(s13, p1, q3);
  }
  flush<T>(slots, s00);
  flush<T>(slots + SLOT, s01);
  flush<T>(slots + 2 * SLOT, s02);
  flush<T>(slots + 3 * SLOT, s03);
  slots += pitch;
  flush<T>(slots, s10);
  flush<T>(slots + SLOT, s11);
  flush<T>(slots + 2 * SLOT, s12);
  flush<T>(slots + 3 * SLOT, s13);
}

/** Bytes of a row per iteration. */
function step<T>(): usize {
  return sizeof<T>() === 4 ? 16 : 8;
}

function columnsAt<T>(address: usize): v128 {
  return sizeof<T>() === 4
    ? v128.load(address)
    : f64x2.promote_low_f32x4(v128.load64_zero(address));
}

function plusProduct<T>(sum: v128, a: v128, b: v128): v128 {
  return sizeof<T>() === 4 ? f32x4.add(sum, f32x4.mul(a, b)) : f64x2.add(sum, f64x2.mul(a, b));
}

/** Adds the lanes of a run's sum to a slot, in float64. */
function flush<T>(slot: usize, sum: v128): void {
  let wide = sum;
  if (sizeof<T>() === 4) {
    const high = v128.shuffle<f32>(sum, sum, 2, 3, 0, 1);
    wide = f64x2.add(f64x2.promote_low_f32x4(sum), f64x2.promote_low_f32x4(high));
  }
  v128.store(slot, f64x2.add(v128.load(slot), wide));
}

/** Products and sums over runs of 128 columns in float32. */
export function gram(rows: usize, stride: usize, k: usize, columns: usize, sums: usize): void {
  addProducts<f32>(rows, stride, k, columns, sums);
}

/** All in float64, where the products are exact. */
export function gramExact(rows: usize, stride: usize, k: usize, columns: usize, sums: usize): void {
  addProducts<f64>(rows, stride, k, columns, sums);
}

/**
 * Inner products, in float64, of the row after the k rows with each of them and with itself: k + 1 slots, from `sums` on, that
 * start from zero.
 */
export function products(rows: usize, stride: usize, k: usize, columns: usize, sums: usize): void {
  productsWith(rows, stride, k, columns, rows + k * stride, sums);
}

/** The same of a row that lies anywhere. */
export function productsWith(
  rows: usize,
  stride: usize,
  k: usize,
  columns: usize,
  vector: usize,
  sums: usize,
): void {
  memory.fill(sums, 0, (k + 1) * SLOT);
  for (let column: usize = 0; column < columns; column += RUN) {
    const bytes = min(RUN, columns - column) * 4;
    const first = rows + column * 4;
    const own = vector + column * 4;
    for (let i: usize = 0; i <= k; i += 4) {
      const b0 = i < k ? first + i * stride : own;
      const b1 = i + 1 < k ? first + (i + 1) * stride : own;
      const b2 = i + 2 < k ? first + (i + 2) * stride : own;
      const b3 = i + 3 < k ? first + (i + 3) * stride : own;
      addRow(own, b0, b1, b2, b3, bytes, sums + i * SLOT, k + 1 - i);
    }
  }
}

/** One row with the first `count` of four others. */
function addRow(
  a: usize,
  b0: usize,
  b1: usize,
  b2: usize,
  b3: usize,
  bytes: usize,
  slots: usize,
  count: usize,
): void {
  let s0 = i64x2.splat(0);
  let s1 = s0;
  let s2 = s0;
  let s3 = s0;
  for (let x: usize = 0; x < bytes; x += step<f64>()) {
    const p = columnsAt<f64>(a + x);
    s0 = plusProduct<f64>(s0, p, columnsAt<f64>(b0 + x));
    s1 = plusProduct<f64>(s1, p, columnsAt<f64>(b1 + x));
    s2 = plusProduct<f64>(s2, p, columnsAt<f64>(b2 + x));
    s3 = plusProduct<f64>(s3, p, columnsAt<f64>(b3 + x));
  }
  flush<f64>(slots, s0);
  if (count > 1) flush<f64>(slots + SLOT, s1);
  if (count > 2) flush<f64>(slots + 2 * SLOT, s2);
  if (count > 3) flush<f64>(slots + 3 * SLOT, s3);
}
