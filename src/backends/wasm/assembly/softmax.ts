import { exp4 } from './exponential';
import { share } from './thread';
import { lanes, max4, read4, sum4, write4 } from './vectors';

/** Terms summed in float32; the sums of such runs are added in float64. */
const RUN: usize = 256;

/** The largest of n. */
function peakOf(row: usize, n: usize): f32 {
  const whole = n & ~3;
  let peak = f32x4.splat(-Infinity);
  for (let j: usize = 0; j < whole; j += 4) {
    peak = f32x4.max(peak, v128.load(row + (j << 2)));
  }
  let largest = max4(peak);
  for (let j = whole; j < n; j++) largest = max(largest, load<f32>(row + (j << 2)));
  return largest;
}

/** Writes e^(x − peak) of n elements, in place or elsewhere, and returns their sum. */
export function exponentials(row: usize, to: usize, n: usize, peak: f32): f32 {
  const whole = n & ~3;
  const peaks = f32x4.splat(peak);
  let total: f64 = 0;
  for (let first: usize = 0; first < whole; first += RUN) {
    const end = min(whole, first + RUN);
    let sum = f32x4.splat(0);
    for (let j = first; j < end; j += 4) {
      const at = j << 2;
      const e = exp4(f32x4.sub(v128.load(row + at), peaks));
      v128.store(to + at, e);
      sum = f32x4.add(sum, e);
    }
    total += sum4(sum) as f64;
  }
  if (whole < n) {
    const at = whole << 2;
    const left = n - whole;
    const e = v128.and(exp4(f32x4.sub(read4(row + at, left), peaks)), lanes(left));
    write4(to + at, e, left);
    total += sum4(e) as f64;
  }
  return total as f32;
}

/**
 * For each of m rows of n logits with a label, which is 0 … n − 1: peak − x[label] to `losses`, Σ e^(x − peak) to `sums` – the loss
 * is the first and the logarithm of the second – and (softmax − one-hot)·weight to `gradients`. For rows with a label of −1: 0, 1
 * and zeros.
 */
export function crossEntropy(
  logits: usize,
  labels: usize,
  weights: usize,
  losses: usize,
  sums: usize,
  gradients: usize,
  m: usize,
  n: usize,
  part: usize,
  parts: usize,
): void {
  const last = share(m, 1, part + 1, parts);
  for (let i = share(m, 1, part, parts); i < last; i++) {
    const row = logits + ((i * n) << 2);
    const gradient = gradients + ((i * n) << 2);
    const label = load<i32>(labels + (i << 2));
    if (label < 0) {
      memory.fill(gradient, 0, n << 2);
      store<f32>(losses + (i << 2), 0);
      store<f32>(sums + (i << 2), 1);
      continue;
    }
    const peak = peakOf(row, n);
    const sum = exponentials(row, gradient, n, peak);
    const chosen = (label as usize) << 2;
    store<f32>(losses + (i << 2), peak - load<f32>(row + chosen));
    store<f32>(sums + (i << 2), sum);
    const weight = load<f32>(weights + (i << 2));
    const atLabel: f32 = (load<f32>(gradient + chosen) / sum - 1) * weight;
    const factor = f32x4.splat(weight / sum);
    for (let j: usize = 0; j < n; j += 4) {
      const at = gradient + (j << 2);
      write4(at, f32x4.mul(read4(at, n - j), factor), n - j);
    }
    store<f32>(gradient + chosen, atLabel);
  }
}
