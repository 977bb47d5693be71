import { madd, share } from './thread';
import { read4, sum4 } from './vectors';

/** Rows of W processed together. */
const ROWS_AT_ONCE: usize = 4;

/**
 * C[m,n] = A·Wᵀ (+ bias, unless that is 0) for a few rows of A: A [m,k], W [n,k]. Each row of W is read once, in place, instead of
 * being packed. Rows of W are divided among the parts.
 */
export function fewRows(
  a: usize,
  w: usize,
  c: usize,
  m: usize,
  n: usize,
  k: usize,
  bias: usize,
  part: usize,
  parts: usize,
): void {
  const side = k << 2;
  const whole = side & ~15;
  const rest = k & 3;
  const last = share(n, ROWS_AT_ONCE, part + 1, parts);
  for (let j = share(n, ROWS_AT_ONCE, part, parts); j < last; j += ROWS_AT_ONCE) {
    const count = min(ROWS_AT_ONCE, last - j);
    const w0 = w + j * side;
    // If fewer rows are left, the first replaces the missing ones.
    const w1 = count > 1 ? w0 + side : w0;
    const w2 = count > 2 ? w0 + 2 * side : w0;
    const w3 = count > 3 ? w0 + 3 * side : w0;
    for (let i: usize = 0; i < m; i++) {
      const row = a + i * side;
      let s0 = f32x4.splat(0);
      let s1 = s0;
      let s2 = s0;
      let s3 = s0;
      for (let at: usize = 0; at < whole; at += 16) {
        const x = v128.load(row + at);
        s0 = madd(x, v128.load(w0 + at), s0);
        s1 = madd(x, v128.load(w1 + at), s1);
        s2 = madd(x, v128.load(w2 + at), s2);
        s3 = madd(x, v128.load(w3 + at), s3);
      }
      if (rest) {
        const x = read4(row + whole, rest);
        s0 = madd(x, read4(w0 + whole, rest), s0);
        s1 = madd(x, read4(w1 + whole, rest), s1);
        s2 = madd(x, read4(w2 + whole, rest), s2);
        s3 = madd(x, read4(w3 + whole, rest), s3);
      }
      const to = i * n + j;
      put(c, to, s0, bias, j);
      if (count > 1) put(c, to + 1, s1, bias, j + 1);
      if (count > 2) put(c, to + 2, s2, bias, j + 2);
      if (count > 3) put(c, to + 3, s3, bias, j + 3);
    }
  }
}

function put(c: usize, at: usize, sum: v128, bias: usize, column: usize): void {
  const shift: f32 = bias ? load<f32>(bias + (column << 2)) : 0;
  store<f32>(c + (at << 2), sum4(sum) + shift);
}
