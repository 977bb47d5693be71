/**
 * Sums over the gradients of k groups, stacked, each of n elements: the engine's kernels, chunk by chunk. A chunk is a fixed
 * number of columns, so that a sum does not depend on the number of threads.
 */
import { combine } from '../../../engine/kernels/assembly/combine';
import { gram, gramExact, productsWith } from '../../../engine/kernels/assembly/gram';
import { scratch } from './thread';

/** Columns of a step of the engine's sums, and of its combination. */
const STEP: usize = 4;
const STRIDE: usize = 16;
const SLOT: usize = 16;

/**
 * G·Gᵀ of every chunk: a square of slots each, as ⌈k/4⌉·4 rows of as many. The last columns of the last chunk, if they are fewer
 * than a step, have their own square after the others.
 */
export function stackedGram(
  exact: bool,
  rows: usize,
  k: usize,
  n: usize,
  chunk: usize,
  sums: usize,
  part: usize,
  parts: usize,
): void {
  const side = (k + 3) & ~3;
  const area = side * side * SLOT;
  const chunks = (n + chunk - 1) / chunk;
  for (let c = part; c < chunks; c += parts) {
    const from = c * chunk;
    const columns = min(chunk, n - from);
    const whole = columns & ~(STEP - 1);
    addGram(exact, rows + (from << 2), n << 2, k, whole, sums + c * area);
    if (whole === columns) continue;
    const rest = scratch();
    for (let i: usize = 0; i < k; i++) {
      pad(rows + ((i * n + from + whole) << 2), columns - whole, rest + i * SLOT);
    }
    addGram(exact, rest, SLOT, k, STEP, sums + chunks * area);
  }
}

function addGram(
  exact: bool,
  rows: usize,
  stride: usize,
  k: usize,
  columns: usize,
  sums: usize,
): void {
  if (exact) gramExact(rows, stride, k, columns, sums);
  else gram(rows, stride, k, columns, sums);
}

/** Inner products of a vector with the k rows and itself: k + 1 slots for every chunk, and for the remaining columns as above. */
export function stackedProducts(
  rows: usize,
  k: usize,
  n: usize,
  vector: usize,
  chunk: usize,
  sums: usize,
  part: usize,
  parts: usize,
): void {
  const area = (k + 1) * SLOT;
  const chunks = (n + chunk - 1) / chunk;
  for (let c = part; c < chunks; c += parts) {
    const from = c * chunk;
    const columns = min(chunk, n - from);
    const whole = columns & ~(STEP - 1);
    const first = from << 2;
    productsWith(rows + first, n << 2, k, whole, vector + first, sums + c * area);
    if (whole === columns) continue;
    const rest = scratch();
    for (let i: usize = 0; i < k; i++) {
      pad(rows + ((i * n + from + whole) << 2), columns - whole, rest + i * SLOT);
    }
    const own = rest + k * SLOT;
    pad(vector + ((from + whole) << 2), columns - whole, own);
    productsWith(rest, SLOT, k, STEP, own, sums + chunks * area);
  }
}

/** Copies fewer floats than a step, and appends zeros. */
function pad(from: usize, count: usize, to: usize): void {
  v128.store(to, f32x4.splat(0));
  memory.copy(to, from, count << 2);
}

/** Σ wᵢGᵢ over `count` ≥ 1 terms: addresses of rows and weights. */
export function stackedCombine(
  terms: usize,
  count: usize,
  n: usize,
  chunk: usize,
  out: usize,
  part: usize,
  parts: usize,
): void {
  for (let from = part * chunk; from < n; from += parts * chunk) {
    const columns = min(chunk, n - from);
    const whole = columns & ~(STRIDE - 1);
    combine(terms, count, from << 2, whole, out + (from << 2));
    for (let j = from + whole; j < from + columns; j++) {
      let sum = term(terms, j);
      for (let i: usize = 1; i < count; i++) sum += term(terms + (i << 3), j);
      store<f32>(out + (j << 2), sum);
    }
  }
}

function term(terms: usize, column: usize): f32 {
  return load<f32>(terms, 4) * load<f32>((load<u32>(terms) as usize) + (column << 2));
}
