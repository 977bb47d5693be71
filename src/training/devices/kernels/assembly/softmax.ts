import { exp4 } from './exponential';
import { share } from './thread';
import { lanes, max4, read4, sum4, write4 } from './vectors';

/** Terms whose sum is made in float32; the sums of such runs are added up in float64. */
const RUN: usize = 256;

/** The largest of n ≥ 1. */
export function peakOf(row: usize, n: usize): f32 {
  let peak = v128.load32_splat(row);
  for (let j: usize = 0; j < n; j += 4) {
    const x = read4(row + (j << 2), n - j);
    peak = f32x4.max(peak, v128.bitselect(x, peak, lanes(n - j)));
  }
  return max4(peak);
}

/** Writes e^(x − peak) of n elements, in place or elsewhere, and sums it up. */
export function exponentials(row: usize, to: usize, n: usize, peak: f32): f32 {
  let total: f64 = 0;
  for (let first: usize = 0; first < n; first += RUN) {
    const end = min(n, first + RUN);
    let sum = f32x4.splat(0);
    for (let j = first; j < end; j += 4) {
      const at = j << 2;
      const e = exp4(f32x4.sub(read4(row + at, end - j), f32x4.splat(peak)));
      write4(to + at, e, end - j);
      sum = f32x4.add(sum, v128.and(e, lanes(end - j)));
    }
    total += sum4(sum) as f64;
  }
  return total as f32;
}

/**
 * For each of m rows of n logits with a label, which is 0 … n − 1: peak − x[label] to `losses`, Σ e^(x − peak) to `sums` – the loss
 * is the first and the logarithm of the second – and (softmax − one-hot)·weight to `slopes`. For rows with a label of −1: 0, 1
 * and zeros.
 */
export function crossEntropy(
  logits: usize,
  labels: usize,
  weights: usize,
  losses: usize,
  sums: usize,
  slopes: usize,
  m: usize,
  n: usize,
  part: usize,
  parts: usize,
): void {
  const last = share(m, 1, part + 1, parts);
  for (let i = share(m, 1, part, parts); i < last; i++) {
    const row = logits + ((i * n) << 2);
    const slope = slopes + ((i * n) << 2);
    const label = load<i32>(labels + (i << 2));
    if (label < 0) {
      memory.fill(slope, 0, n << 2);
      store<f32>(losses + (i << 2), 0);
      store<f32>(sums + (i << 2), 1);
      continue;
    }
    const peak = peakOf(row, n);
    const sum = exponentials(row, slope, n, peak);
    const chosen = (label as usize) << 2;
    store<f32>(losses + (i << 2), peak - load<f32>(row + chosen));
    store<f32>(sums + (i << 2), sum);
    const weight = load<f32>(weights + (i << 2));
    const atLabel: f32 = (load<f32>(slope + chosen) / sum - 1) * weight;
    const factor = f32x4.splat(weight / sum);
    for (let j: usize = 0; j < n; j += 4) {
      const at = slope + (j << 2);
      write4(at, f32x4.mul(read4(at, n - j), factor), n - j);
    }
    store<f32>(slope + chosen, atLabel);
  }
}
