/** Whether an element is dropped is decided by a hash of its index: see src/backends/operations/dropout.ts. */
import { share } from './thread';
import { read4, write4 } from './vectors';

/** y = x where the hash of the index is at least `threshold`, multiplied by `keepScale`, else 0; n elements. */
export function dropout(
  x: usize,
  y: usize,
  n: usize,
  seed: u32,
  threshold: u32,
  keepScale: f32,
  part: usize,
  parts: usize,
): void {
  const last = share(n, 4, part + 1, parts);
  for (let i = share(n, 4, part, parts); i < last; i += 4) {
    const at = i << 2;
    const factors = factors4(i as u32, seed, threshold, keepScale);
    write4(y + at, f32x4.mul(read4(x + at, n - i), factors), n - i);
  }
}

/** Factors of elements index … index + 3. */
export function factors4(index: u32, seed: u32, threshold: u32, keepScale: f32): v128 {
  const indices = i32x4.add(i32x4.splat(index), i32x4(0, 1, 2, 3));
  let h = i32x4.add(i32x4.mul(indices, i32x4.splat(0x9e3779b1)), i32x4.splat(seed));
  h = i32x4.mul(v128.xor(h, i32x4.shr_u(h, 16)), i32x4.splat(0x85ebca6b));
  h = i32x4.mul(v128.xor(h, i32x4.shr_u(h, 13)), i32x4.splat(0xc2b2ae35));
  h = v128.xor(h, i32x4.shr_u(h, 16));
  return v128.and(f32x4.splat(keepScale), i32x4.ge_u(h, i32x4.splat(threshold)));
}
