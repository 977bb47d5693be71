/** Sums of rows, by group and by segment; strips of columns are divided among the parts. */
import { read4, STRIP, write4 } from './vectors';

/** out[g] = Σ x[i] over the rows i of group g; x [rows, n], out [k, n]. */
export function rowSums(
  x: usize,
  bounds: usize,
  out: usize,
  k: usize,
  n: usize,
  part: usize,
  parts: usize,
): void {
  const strips = (n + STRIP - 1) / STRIP;
  for (let unit = part; unit < k * strips; unit += parts) {
    const g = unit / strips;
    const first = load<u32>(bounds + (g << 2)) as usize;
    const last = load<u32>(bounds + (g << 2), 4) as usize;
    const j0 = (unit % strips) * STRIP;
    for (let j = j0; j < min(n, j0 + STRIP); j += 4) {
      let sum = f32x4.splat(0);
      for (let i = first; i < last; i++) {
        sum = f32x4.add(sum, read4(x + ((i * n + j) << 2), n - j));
      }
      write4(out + ((g * n + j) << 2), sum, n - j);
    }
  }
}

/** out[g, s] = Σ x[i] over the rows i of group g with segments[i] = s; out [k, count, n]. */
export function segmentSums(
  x: usize,
  segments: usize,
  bounds: usize,
  out: usize,
  k: usize,
  count: usize,
  n: usize,
  part: usize,
  parts: usize,
): void {
  const strips = (n + STRIP - 1) / STRIP;
  for (let unit = part; unit < k * strips; unit += parts) {
    const g = unit / strips;
    const first = load<u32>(bounds + (g << 2)) as usize;
    const last = load<u32>(bounds + (g << 2), 4) as usize;
    const j0 = (unit % strips) * STRIP;
    const j1 = min(n, j0 + STRIP);
    const sums = out + ((g * count * n) << 2);
    for (let s: usize = 0; s < count; s++) {
      memory.fill(sums + ((s * n + j0) << 2), 0, (j1 - j0) << 2);
    }
    for (let i = first; i < last; i++) {
      const row = x + ((i * n) << 2);
      const to = sums + (((load<u32>(segments + (i << 2)) as usize) * n) << 2);
      for (let j = j0; j < j1; j += 4) {
        const at = j << 2;
        write4(to + at, f32x4.add(read4(to + at, n - j), read4(row + at, n - j)), n - j);
      }
    }
  }
}
