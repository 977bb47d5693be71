/** Gathering rows, and rotating them. */
import { madd, share } from './thread';
import { read4, write4 } from './vectors';

/** out[i] = table[ids[i]], m rows of n. */
export function gather(
  table: usize,
  ids: usize,
  out: usize,
  m: usize,
  n: usize,
  part: usize,
  parts: usize,
): void {
  const bytes = n << 2;
  const last = share(m, 1, part + 1, parts);
  for (let i = share(m, 1, part, parts); i < last; i++) {
    memory.copy(out + i * bytes, table + (load<u32>(ids + (i << 2)) as usize) * bytes, bytes);
  }
}

/**
 * Rotates pairs (xⱼ, xⱼ₊half) of each head by the angles of the row, times `direction`: x, y [m, heads·2·half], cosines and sines
 * [m, half].
 */
export function rotate(
  x: usize,
  cosines: usize,
  sines: usize,
  y: usize,
  m: usize,
  heads: usize,
  half: usize,
  direction: f32,
  part: usize,
  parts: usize,
): void {
  const side = half << 2;
  const last = share(m, 1, part + 1, parts);
  for (let i = share(m, 1, part, parts); i < last; i++) {
    for (let head = i * heads; head < (i + 1) * heads; head++) {
      const from = x + 2 * head * side;
      const to = y + 2 * head * side;
      for (let j: usize = 0; j < half; j += 4) {
        const at = j << 2;
        const left = half - j;
        const a = read4(from + at, left);
        const b = read4(from + side + at, left);
        const c = read4(cosines + i * side + at, left);
        const s = f32x4.mul(read4(sines + i * side + at, left), f32x4.splat(direction));
        write4(to + at, madd(f32x4.neg(b), s, f32x4.mul(a, c)), left);
        write4(to + side + at, madd(a, s, f32x4.mul(b, c)), left);
      }
    }
  }
}
