// AssemblyScript, compiled by ../build.ts. Addresses are in bytes.

/** Bytes of a term: where its row begins, and the weight as float32. */
const TERM: usize = 8;

// Long reads of few rows are faster than short reads of many: eight rows at a time, over as many bytes as leave their sum in
// the L2 cache for the next eight.
const TOGETHER: usize = 8 * TERM;
const BLOCK: usize = 131_072;

/**
 * ((w₀g₀ + w₁g₁) + w₂g₂) + …, each product and sum rounded to float32, for `columns` (a multiple of 16) of the rows.
 *
 * @param terms `count` ≥ 1 of them
 * @param offset of the first column from the beginning of a row
 * @param to where the first column's sum goes
 */
export function combine(
  terms: usize,
  count: usize,
  offset: usize,
  columns: usize,
  to: usize,
): void {
  const end = terms + TERM * count;
  for (const last = offset + 4 * columns; offset < last; offset += BLOCK, to += BLOCK) {
    const bytes = min(BLOCK, last - offset);
    begin(terms, min(terms + TOGETHER, end), offset, bytes, to);
    for (let some = terms + TOGETHER; some < end; some += TOGETHER) {
      proceed(some, min(some + TOGETHER, end), offset, bytes, to);
    }
  }
}

/** Sums from the first term on. */
function begin(terms: usize, end: usize, offset: usize, bytes: usize, to: usize): void {
  for (let x: usize = 0; x < bytes; x += 64) {
    const row = <usize>load<u32>(terms) + offset + x;
    const weight = v128.load32_splat(terms, 4);
    const s0 = f32x4.mul(weight, v128.load(row));
    const s1 = f32x4.mul(weight, v128.load(row, 16));
    const s2 = f32x4.mul(weight, v128.load(row, 32));
    const s3 = f32x4.mul(weight, v128.load(row, 48));
    add(s0, s1, s2, s3, terms + TERM, end, offset + x, to + x);
  }
}

/** Adds to the sums of earlier terms. */
function proceed(terms: usize, end: usize, offset: usize, bytes: usize, to: usize): void {
  for (let x: usize = 0; x < bytes; x += 64) {
    const s0 = v128.load(to + x);
    const s1 = v128.load(to + x, 16);
    const s2 = v128.load(to + x, 32);
    const s3 = v128.load(to + x, 48);
    add(s0, s1, s2, s3, terms, end, offset + x, to + x);
  }
}

/** Adds the terms to the sums of sixteen columns, and stores them. */
function add(
  s0: v128,
  s1: v128,
  s2: v128,
  s3: v128,
  terms: usize,
  end: usize,
  offset: usize,
  to: usize,
): void {
  for (; terms < end; terms += TERM) {
    const row = <usize>load<u32>(terms) + offset;
    const weight = v128.load32_splat(terms, 4);
    s0 = f32x4.add(s0, f32x4.mul(weight, v128.load(row)));
    s1 = f32x4.add(s1, f32x4.mul(weight, v128.load(row, 16)));
    s2 = f32x4.add(s2, f32x4.mul(weight, v128.load(row, 32)));
    s3 = f32x4.add(s3, f32x4.mul(weight, v128.load(row, 48)));
  }
  v128.store(to, s0);
  v128.store(to, s1, 16);
  v128.store(to, s2, 32);
  v128.store(to, s3, 48);
}
