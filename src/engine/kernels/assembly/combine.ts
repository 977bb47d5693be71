// AssemblyScript, compiled by ../build.ts. Addresses are in bytes.

/** Bytes of a term: where its row begins, and the weight as float32. */
const TERM: usize = 8;

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
  for (const last = offset + 4 * columns; offset < last; offset += 64, to += 64) {
    let row = <usize>load<u32>(terms) + offset;
    let weight = v128.load32_splat(terms, 4);
    let s0 = f32x4.mul(weight, v128.load(row));
    let s1 = f32x4.mul(weight, v128.load(row, 16));
    let s2 = f32x4.mul(weight, v128.load(row, 32));
    let s3 = f32x4.mul(weight, v128.load(row, 48));
    for (let term = terms + TERM; term < end; term += TERM) {
      row = <usize>load<u32>(term) + offset;
      weight = v128.load32_splat(term, 4);
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
}
