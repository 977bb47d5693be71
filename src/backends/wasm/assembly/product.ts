/**
 * Products of float32 matrices, in AssemblyScript (compiled by `asc`, not by tsc).
 *
 * Every argument is a byte address, a count or a stride (in floats) in the memory of the tensors; the kernels allocate none of it.
 */
import { madd, scratch, share } from './thread';

/** Rows and columns of C that stay in registers: 6 × 2 vectors, and 2 of B and 1 of A beside them, of 16. */
const MR: usize = 6;
const NR: usize = 8;
/**
 * A block of A (MC × KC) and a panel of B (KC × NR) fit the first cache. KC products are summed before they are added to C,
 * which halves the rounding error of sums of 512: 0.8e-4 instead of 1.4e-4 from float64 on SmolLM2-135M.
 */
const MC: usize = 96;
const KC: usize = 64;
const NC: usize = 512;
/** With fewer rows of A than this, a B with contiguous rows is used in place: packing it does not pay. */
const MIN_PACKED_ROWS: usize = 4 * MR;

/** Bytes of scratch that a product needs: a block of A, a block of B, a tile. */
export function productBytes(): usize {
  return (MC * KC + KC * NC + MR * NR) << 2;
}

/** Four floats of each of four rows become four rows of four. */
function transpose4(from: usize, row: usize, to: usize, pitch: usize): void {
  const r0 = v128.load(from);
  const r1 = v128.load(from + row);
  const r2 = v128.load(from + 2 * row);
  const r3 = v128.load(from + 3 * row);
  const low01 = v128.shuffle<f32>(r0, r1, 0, 4, 1, 5);
  const low23 = v128.shuffle<f32>(r2, r3, 0, 4, 1, 5);
  const high01 = v128.shuffle<f32>(r0, r1, 2, 6, 3, 7);
  const high23 = v128.shuffle<f32>(r2, r3, 2, 6, 3, 7);
  v128.store(to, v128.shuffle<f64>(low01, low23, 0, 2));
  v128.store(to + pitch, v128.shuffle<f64>(low01, low23, 1, 3));
  v128.store(to + 2 * pitch, v128.shuffle<f64>(high01, high23, 0, 2));
  v128.store(to + 3 * pitch, v128.shuffle<f64>(high01, high23, 1, 3));
}

/** Four floats of each of two rows become four rows of two. */
function transpose2(from: usize, row: usize, to: usize, pitch: usize): void {
  const r0 = v128.load(from);
  const r1 = v128.load(from + row);
  const low = v128.shuffle<f32>(r0, r1, 0, 4, 1, 5);
  const high = v128.shuffle<f32>(r0, r1, 2, 6, 3, 7);
  v128.store64_lane(to, low, 0);
  v128.store64_lane(to + pitch, low, 1);
  v128.store64_lane(to + 2 * pitch, high, 0);
  v128.store64_lane(to + 3 * pitch, high, 1);
}

/** Panels of MR rows, k by k; missing rows are zero. */
function packA(a: usize, rs: usize, cs: usize, m: usize, k: usize, to: usize): void {
  for (let i: usize = 0; i < m; i += MR) {
    const rows = min(MR, m - i);
    let at = a + ((i * rs) << 2);
    const row = rs << 2;
    const step = cs << 2;
    if (rows === MR && rs === 1) {
      for (let p: usize = 0; p < k; p++, at += step, to += 24) {
        v128.store(to, v128.load(at));
        store<u64>(to, load<u64>(at, 16), 16);
      }
    } else if (rows === MR) {
      let p: usize = 0;
      for (const fours = cs === 1 ? k & ~3 : 0; p < fours; p += 4, at += 16, to += 96) {
        transpose4(at, row, to, 24);
        transpose2(at + 4 * row, row, to + 16, 24);
      }
      for (; p < k; p++, at += step, to += 24) {
        store<f32>(to, load<f32>(at));
        store<f32>(to, load<f32>(at + row), 4);
        store<f32>(to, load<f32>(at + 2 * row), 8);
        store<f32>(to, load<f32>(at + 3 * row), 12);
        store<f32>(to, load<f32>(at + 4 * row), 16);
        store<f32>(to, load<f32>(at + 5 * row), 20);
      }
    } else {
      for (let p: usize = 0; p < k; p++, at += step, to += 24) {
        for (let r: usize = 0; r < MR; r++) {
          store<f32>(to + (r << 2), r < rows ? load<f32>(at + r * row) : 0);
        }
      }
    }
  }
}

/** Panels of NR columns, k by k; missing columns are zero. */
function packB(b: usize, rs: usize, cs: usize, k: usize, n: usize, to: usize): void {
  for (let j: usize = 0; j < n; j += NR) {
    const columns = min(NR, n - j);
    let at = b + ((j * cs) << 2);
    const column = cs << 2;
    const step = rs << 2;
    if (columns === NR && cs === 1) {
      for (let p: usize = 0; p < k; p++, at += step, to += 32) {
        v128.store(to, v128.load(at));
        v128.store(to, v128.load(at, 16), 16);
      }
    } else if (columns === NR) {
      let p: usize = 0;
      for (const fours = rs === 1 ? k & ~3 : 0; p < fours; p += 4, at += 16, to += 128) {
        transpose4(at, column, to, 32);
        transpose4(at + 4 * column, column, to + 16, 32);
      }
      for (; p < k; p++, at += step, to += 32) {
        store<f32>(to, load<f32>(at));
        store<f32>(to, load<f32>(at + column), 4);
        store<f32>(to, load<f32>(at + 2 * column), 8);
        store<f32>(to, load<f32>(at + 3 * column), 12);
        store<f32>(to, load<f32>(at + 4 * column), 16);
        store<f32>(to, load<f32>(at + 5 * column), 20);
        store<f32>(to, load<f32>(at + 6 * column), 24);
        store<f32>(to, load<f32>(at + 7 * column), 28);
      }
    } else {
      for (let p: usize = 0; p < k; p++, at += step, to += 32) {
        for (let c: usize = 0; c < NR; c++) {
          store<f32>(to + (c << 2), c < columns ? load<f32>(at + c * column) : 0);
        }
      }
    }
  }
}

function put(c: usize, x: v128, y: v128, accumulate: bool): void {
  if (accumulate) {
    x = f32x4.add(x, v128.load(c));
    y = f32x4.add(y, v128.load(c, 16));
  }
  v128.store(c, x);
  v128.store(c, y, 16);
}

/** The part of a tile that is within C. */
function putEdge(
  from: usize,
  to: usize,
  ldc: usize,
  rows: usize,
  columns: usize,
  accumulate: bool,
): void {
  for (let r: usize = 0; r < rows; r++, from += NR << 2, to += ldc << 2) {
    if (columns === NR) {
      put(to, v128.load(from), v128.load(from, 16), accumulate);
      continue;
    }
    for (let q: usize = 0; q < columns << 2; q += 4) {
      const value = load<f32>(from + q);
      store<f32>(to + q, accumulate ? value + load<f32>(to + q) : value);
    }
  }
}

/** One MR × NR tile of C (+)= panel of A · NR columns of B, whose rows are `step` bytes apart. */
function tile(
  a: usize,
  b: usize,
  step: usize,
  k: usize,
  c: usize,
  ldc: usize,
  accumulate: bool,
): void {
  let c00 = f32x4.splat(0);
  let c01 = c00;
  let c10 = c00;
  let c11 = c00;
  let c20 = c00;
  let c21 = c00;
  let c30 = c00;
  let c31 = c00;
  let c40 = c00;
  let c41 = c00;
  let c50 = c00;
  let c51 = c00;
  for (const end = a + k * 24; a < end; a += 24, b += step) {
    const b0 = v128.load(b);
    const b1 = v128.load(b, 16);
    let x = v128.load32_splat(a);
    c00 = madd(x, b0, c00);
    c01 = madd(x, b1, c01);
    x = v128.load32_splat(a, 4);
    c10 = madd(x, b0, c10);
    c11 = madd(x, b1, c11);
    x = v128.load32_splat(a, 8);
    c20 = madd(x, b0, c20);
    c21 = madd(x, b1, c21);
    x = v128.load32_splat(a, 12);
    c30 = madd(x, b0, c30);
    c31 = madd(x, b1, c31);
    x = v128.load32_splat(a, 16);
    c40 = madd(x, b0, c40);
    c41 = madd(x, b1, c41);
    x = v128.load32_splat(a, 20);
    c50 = madd(x, b0, c50);
    c51 = madd(x, b1, c51);
  }
  const row = ldc << 2;
  put(c, c00, c01, accumulate);
  put(c + row, c10, c11, accumulate);
  put(c + 2 * row, c20, c21, accumulate);
  put(c + 3 * row, c30, c31, accumulate);
  put(c + 4 * row, c40, c41, accumulate);
  put(c + 5 * row, c50, c51, accumulate);
}

/**
 * C[m,n] (+)= A[m,k]·B[k,n], each with a stride of rows and of columns, C with one of rows: Goto's loops. Each element is
 * summed in one order, whatever part of C is asked for.
 */
export function multiply(
  a: usize,
  ars: usize,
  acs: usize,
  b: usize,
  brs: usize,
  bcs: usize,
  c: usize,
  ldc: usize,
  m: usize,
  n: usize,
  k: usize,
  accumulate: bool,
): void {
  const packedA = scratch();
  const packedB = packedA + ((MC * KC) << 2);
  const edge = packedB + ((KC * NC) << 2);
  const inPlace = bcs === 1 && m < MIN_PACKED_ROWS;
  for (let j0: usize = 0; j0 < n; j0 += NC) {
    const width = min(NC, n - j0);
    // The last columns of a B in place are packed if they do not fill a tile, which must not read beyond the matrix.
    const whole = inPlace ? width - (width % NR) : 0;
    for (let p0: usize = 0; p0 < k; p0 += KC) {
      const depth = min(KC, k - p0);
      const add = accumulate || p0 > 0;
      const blockB = b + ((p0 * brs + j0 * bcs) << 2);
      packB(
        blockB + ((whole * bcs) << 2),
        brs,
        bcs,
        depth,
        width - whole,
        packedB + ((whole * depth) << 2),
      );
      for (let i0: usize = 0; i0 < m; i0 += MC) {
        const height = min(MC, m - i0);
        packA(a + ((i0 * ars + p0 * acs) << 2), ars, acs, height, depth, packedA);
        for (let j: usize = 0; j < width; j += NR) {
          const columns = min(NR, width - j);
          const panelB = j < whole ? blockB + (j << 2) : packedB + ((j * depth) << 2);
          const step = j < whole ? brs << 2 : NR << 2;
          for (let i: usize = 0; i < height; i += MR) {
            const rows = min(MR, height - i);
            const panelA = packedA + ((i * depth) << 2);
            const at = c + (((i0 + i) * ldc + j0 + j) << 2);
            if (rows === MR && columns === NR) {
              tile(panelA, panelB, step, depth, at, ldc, add);
              continue;
            }
            tile(panelA, panelB, step, depth, edge, NR, false);
            putEdge(edge, at, ldc, rows, columns, add);
          }
        }
      }
    }
  }
}

/**
 * `batch` products C[m,n] = A·B, each C with bias[n] added to every row (0: no bias). The Cs lie one after another, the As and Bs
 * `as` and `bs` apart (0: the same one each time). Whole products are divided among the parts, or the longer side of C if there is only one.
 */
export function product(
  a: usize,
  ars: usize,
  acs: usize,
  as: usize,
  b: usize,
  brs: usize,
  bcs: usize,
  bs: usize,
  c: usize,
  batch: usize,
  m: usize,
  n: usize,
  k: usize,
  bias: usize,
  part: usize,
  parts: usize,
): void {
  if (batch === 1) {
    productPart(a, ars, acs, b, brs, bcs, c, m, n, k, bias, part, parts);
    return;
  }
  const last = share(batch, 1, part + 1, parts);
  for (let t = share(batch, 1, part, parts); t < last; t++) {
    const to = c + ((t * m * n) << 2);
    productPart(
      a + ((t * as) << 2),
      ars,
      acs,
      b + ((t * bs) << 2),
      brs,
      bcs,
      to,
      m,
      n,
      k,
      bias,
      0,
      1,
    );
  }
}

function productPart(
  a: usize,
  ars: usize,
  acs: usize,
  b: usize,
  brs: usize,
  bcs: usize,
  c: usize,
  m: usize,
  n: usize,
  k: usize,
  bias: usize,
  part: usize,
  parts: usize,
): void {
  let i0: usize = 0;
  let i1 = m;
  let j0: usize = 0;
  let j1 = n;
  if (m >= n) {
    i0 = share(m, MR, part, parts);
    i1 = share(m, MR, part + 1, parts);
  } else {
    j0 = share(n, NR, part, parts);
    j1 = share(n, NR, part + 1, parts);
  }
  // The sums start with the bias; if there are no terms, with 0.
  const given = bias !== 0 || k === 0;
  for (let i = i0; given && i < i1; i++) {
    const row = c + ((i * n + j0) << 2);
    if (bias) memory.copy(row, bias + (j0 << 2), (j1 - j0) << 2);
    else memory.fill(row, 0, (j1 - j0) << 2);
  }
  multiply(
    a + ((i0 * ars) << 2),
    ars,
    acs,
    b + ((j0 * bcs) << 2),
    brs,
    bcs,
    c + ((i0 * n + j0) << 2),
    n,
    i1 - i0,
    j1 - j0,
    k,
    given,
  );
}
