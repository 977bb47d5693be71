import { multiply } from './product';

/** Bounds of the rows or columns of a unit of work: whole tiles, and enough to be worth packing. */
const MIN_BLOCK: usize = 24;
const MAX_BLOCK: usize = 96;

/**
 * C[g] (+)= Aᵀ·B over the rows of group g: A [rows, m], B [rows, n], C [k, m, n]. Blocks of the longer side of every C
 * are assigned to the parts in turn, since groups may have different numbers of rows. Each element is the same sum, wherever blocks
 * end.
 */
export function groupedProduct(
  a: usize,
  b: usize,
  bounds: usize,
  c: usize,
  k: usize,
  m: usize,
  n: usize,
  accumulate: bool,
  part: usize,
  parts: usize,
): void {
  const tall = m >= n;
  const side = tall ? m : n;
  const each = (k * side + parts - 1) / parts;
  const block = max(MIN_BLOCK, min(MAX_BLOCK, each - (each % MIN_BLOCK)));
  const blocks = (side + block - 1) / block;
  for (let unit = part; unit < k * blocks; unit += parts) {
    const g = unit / blocks;
    const first = load<u32>(bounds + (g << 2)) as usize;
    const depth = (load<u32>(bounds + (g << 2), 4) as usize) - first;
    const begin = (unit % blocks) * block;
    const i = tall ? begin : 0;
    const j = tall ? 0 : begin;
    const height = tall ? min(block, m - i) : m;
    const width = tall ? n : min(block, n - j);
    const one = a + ((first * m + i) << 2);
    const other = b + ((first * n + j) << 2);
    const to = c + (((g * m + i) * n + j) << 2);
    for (let r: usize = 0; !accumulate && depth === 0 && r < height; r++) {
      memory.fill(to + ((r * n) << 2), 0, width << 2);
    }
    multiply(one, 1, m, other, n, 1, to, n, height, width, depth, accumulate);
  }
}
