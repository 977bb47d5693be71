/**
 * Float32 kernels of a transformer's training step, in AssemblyScript (compiled by `asc`, not by tsc).
 *
 * They own no memory: every argument is a byte address, a count or a stride (in floats) in the memory they are given, which
 * is that of the tensors. Each exported kernel ends in `part, parts`: the same call with every part in 0…parts−1, from as
 * many threads, does the whole of the work; parts write to disjoint places.
 */

import {
  multiply,
  scratchBytes as productBytes,
} from '../../../src/training/devices/kernels/assembly/product';
import { madd, scratch, share } from '../../../src/training/devices/kernels/assembly/thread';

export { product } from '../../../src/training/devices/kernels/assembly/product';
export { isFused, useScratch } from '../../../src/training/devices/kernels/assembly/thread';

/** Bytes of scratch that a thread needs: that of a product, and the scores of one head. */
export function scratchBytes(): usize {
  return productBytes() + ((512 * 512) << 2);
}

/** out[n] = Σ over rows of x[m,n]: columns are shared out. n a multiple of 4. */
export function columnSums(
  x: usize,
  out: usize,
  m: usize,
  n: usize,
  part: usize,
  parts: usize,
): void {
  const j1 = share(n, 4, part + 1, parts);
  for (let j = share(n, 4, part, parts); j < j1; j += 4) {
    let sum = f32x4.splat(0);
    let at = x + (j << 2);
    for (let i: usize = 0; i < m; i++, at += n << 2) sum = f32x4.add(sum, v128.load(at));
    v128.store(out + (j << 2), sum);
  }
}

/** eˣ of four floats, to an ulp or two: 2ⁿ·p(r), |r| ≤ ln2/2, with Cephes's polynomial. */
function exp4(x: v128): v128 {
  x = f32x4.max(f32x4.min(x, f32x4.splat(88.0)), f32x4.splat(-87.3));
  const n = f32x4.nearest(f32x4.mul(x, f32x4.splat(Mathf.LOG2E)));
  let r = f32x4.sub(x, f32x4.mul(n, f32x4.splat(0.693359375)));
  r = f32x4.sub(r, f32x4.mul(n, f32x4.splat(-2.1219444e-4)));
  let p = f32x4.splat(1.9875691e-4);
  p = madd(p, r, f32x4.splat(1.3981999e-3));
  p = madd(p, r, f32x4.splat(8.3334519e-3));
  p = madd(p, r, f32x4.splat(4.1665796e-2));
  p = madd(p, r, f32x4.splat(1.6666666e-1));
  p = madd(p, r, f32x4.splat(0.5));
  p = f32x4.add(madd(p, f32x4.mul(r, r), r), f32x4.splat(1));
  const power = i32x4.shl(i32x4.add(i32x4.trunc_sat_f32x4_s(n), i32x4.splat(127)), 23);
  return f32x4.mul(p, power);
}

function sum4(x: v128): f32 {
  return (
    f32x4.extract_lane(x, 0) +
    f32x4.extract_lane(x, 1) +
    (f32x4.extract_lane(x, 2) + f32x4.extract_lane(x, 3))
  );
}

function max4(x: v128): f32 {
  return max(
    max(f32x4.extract_lane(x, 0), f32x4.extract_lane(x, 1)),
    max(f32x4.extract_lane(x, 2), f32x4.extract_lane(x, 3)),
  );
}

/**
 * y = x·Φ(x) (part 0 of the pair), or dx = dy·(Φ(x) + x·φ(x)) where dy is given. Φ by Abramowitz & Stegun 7.1.26, whose
 * error is 1.5e-7. n a multiple of 4.
 */
export function gelu(x: usize, dy: usize, out: usize, n: usize, part: usize, parts: usize): void {
  const last = share(n, 4, part + 1, parts) << 2;
  const one = f32x4.splat(1);
  const half = f32x4.splat(0.5);
  for (let at = share(n, 4, part, parts) << 2; at < last; at += 16) {
    const v = v128.load(x + at);
    const z = f32x4.abs(f32x4.mul(v, f32x4.splat(Mathf.SQRT1_2)));
    const t = f32x4.div(one, madd(z, f32x4.splat(0.3275911), one));
    let p = f32x4.splat(1.061405429);
    p = madd(p, t, f32x4.splat(-1.453152027));
    p = madd(p, t, f32x4.splat(1.421413741));
    p = madd(p, t, f32x4.splat(-0.284496736));
    p = madd(p, t, f32x4.splat(0.254829592));
    const e = exp4(f32x4.neg(f32x4.mul(z, z)));
    const tail = f32x4.mul(f32x4.mul(f32x4.mul(p, t), e), half);
    const positive = f32x4.gt(v, f32x4.splat(0));
    const cdf = v128.bitselect(f32x4.sub(one, tail), tail, positive);
    const result = dy
      ? f32x4.mul(v128.load(dy + at), madd(f32x4.mul(v, f32x4.splat(0.39894228)), e, cdf))
      : f32x4.mul(v, cdf);
    v128.store(out + at, result);
  }
}

/** y = γ·(x − μ)/σ + β by rows of n, a multiple of 4; keeps μ and 1/σ. */
export function layerNorm(
  x: usize,
  gamma: usize,
  beta: usize,
  y: usize,
  means: usize,
  scales: usize,
  m: usize,
  n: usize,
  part: usize,
  parts: usize,
): void {
  const last = share(m, 1, part + 1, parts);
  const bytes = n << 2;
  for (let i = share(m, 1, part, parts); i < last; i++) {
    const row = x + i * bytes;
    const out = y + i * bytes;
    let sum = f32x4.splat(0);
    for (let j: usize = 0; j < bytes; j += 16) sum = f32x4.add(sum, v128.load(row + j));
    const mean = sum4(sum) / (n as f32);
    const mean4 = f32x4.splat(mean);
    sum = f32x4.splat(0);
    for (let j: usize = 0; j < bytes; j += 16) {
      const d = f32x4.sub(v128.load(row + j), mean4);
      sum = madd(d, d, sum);
    }
    const scale: f32 = 1 / sqrt<f32>(sum4(sum) / (n as f32) + 1e-12);
    const scale4 = f32x4.splat(scale);
    for (let j: usize = 0; j < bytes; j += 16) {
      const z = f32x4.mul(f32x4.sub(v128.load(row + j), mean4), scale4);
      v128.store(out + j, madd(z, v128.load(gamma + j), v128.load(beta + j)));
    }
    store<f32>(means + (i << 2), mean);
    store<f32>(scales + (i << 2), scale);
  }
}

/** dx = (g − mean(g) − x̂·mean(g·x̂))/σ with g = γ·dy. */
export function layerNormInput(
  x: usize,
  gamma: usize,
  means: usize,
  scales: usize,
  dy: usize,
  dx: usize,
  m: usize,
  n: usize,
  part: usize,
  parts: usize,
): void {
  const last = share(m, 1, part + 1, parts);
  const bytes = n << 2;
  for (let i = share(m, 1, part, parts); i < last; i++) {
    const row = x + i * bytes;
    const slope = dy + i * bytes;
    const mean = f32x4.splat(load<f32>(means + (i << 2)));
    const scale = f32x4.splat(load<f32>(scales + (i << 2)));
    let sum = f32x4.splat(0);
    let product = f32x4.splat(0);
    for (let j: usize = 0; j < bytes; j += 16) {
      const g = f32x4.mul(v128.load(slope + j), v128.load(gamma + j));
      const z = f32x4.mul(f32x4.sub(v128.load(row + j), mean), scale);
      sum = f32x4.add(sum, g);
      product = madd(g, z, product);
    }
    const meanG = f32x4.splat(sum4(sum) / (n as f32));
    const meanGz = f32x4.splat(sum4(product) / (n as f32));
    for (let j: usize = 0; j < bytes; j += 16) {
      const g = f32x4.mul(v128.load(slope + j), v128.load(gamma + j));
      const z = f32x4.mul(f32x4.sub(v128.load(row + j), mean), scale);
      const d = f32x4.sub(f32x4.sub(g, meanG), f32x4.mul(z, meanGz));
      v128.store(dx + i * bytes + j, f32x4.mul(d, scale));
    }
  }
}

/** dγ = Σ dy·x̂, dβ = Σ dy over rows: columns are shared out. */
export function layerNormParameters(
  x: usize,
  means: usize,
  scales: usize,
  dy: usize,
  dgamma: usize,
  dbeta: usize,
  m: usize,
  n: usize,
  part: usize,
  parts: usize,
): void {
  const last = share(n, 4, part + 1, parts) << 2;
  const bytes = n << 2;
  for (let j = share(n, 4, part, parts) << 2; j < last; j += 16) {
    let g = f32x4.splat(0);
    let b = f32x4.splat(0);
    for (let i: usize = 0; i < m; i++) {
      const mean = v128.load32_splat(means + (i << 2));
      const scale = v128.load32_splat(scales + (i << 2));
      const d = v128.load(dy + i * bytes + j);
      const z = f32x4.mul(f32x4.sub(v128.load(x + i * bytes + j), mean), scale);
      g = madd(d, z, g);
      b = f32x4.add(b, d);
    }
    v128.store(dgamma + j, g);
    v128.store(dbeta + j, b);
  }
}

/**
 * Attention of `heads` heads of width d over sequences of length l (a multiple of 4): q, k, v and out are
 * [batch, l, heads·d], mask [batch, l] is added to the scores, probabilities [batch, heads, l, l] are kept.
 */
export function attention(
  q: usize,
  k: usize,
  v: usize,
  mask: usize,
  probabilities: usize,
  out: usize,
  batch: usize,
  heads: usize,
  l: usize,
  d: usize,
  part: usize,
  parts: usize,
): void {
  const width = heads * d;
  const scale = f32x4.splat(1 / sqrt<f32>(d as f32));
  const last = share(batch * heads, 1, part + 1, parts);
  for (let t = share(batch * heads, 1, part, parts); t < last; t++) {
    const b = t / heads;
    const offset = (b * l * width + (t % heads) * d) << 2;
    const p = probabilities + ((t * l * l) << 2);
    multiply(q + offset, width, 1, k + offset, 1, width, p, l, l, l, d, false);
    const bytes = l << 2;
    for (let row = p; row < p + l * bytes; row += bytes) {
      let peak = f32x4.splat(-Infinity);
      for (let j: usize = 0; j < bytes; j += 16) {
        const s = madd(v128.load(row + j), scale, v128.load(mask + b * bytes + j));
        v128.store(row + j, s);
        peak = f32x4.max(peak, s);
      }
      peak = f32x4.splat(max4(peak));
      let sum = f32x4.splat(0);
      for (let j: usize = 0; j < bytes; j += 16) {
        const e = exp4(f32x4.sub(v128.load(row + j), peak));
        v128.store(row + j, e);
        sum = f32x4.add(sum, e);
      }
      const inverse = f32x4.splat(1 / sum4(sum));
      for (let j: usize = 0; j < bytes; j += 16) {
        v128.store(row + j, f32x4.mul(v128.load(row + j), inverse));
      }
    }
    multiply(p, l, 1, v + offset, width, 1, out + offset, width, l, d, l, false);
  }
}

/** Its gradient. */
export function attentionGradient(
  q: usize,
  k: usize,
  v: usize,
  probabilities: usize,
  dout: usize,
  dq: usize,
  dk: usize,
  dv: usize,
  batch: usize,
  heads: usize,
  l: usize,
  d: usize,
  part: usize,
  parts: usize,
): void {
  const width = heads * d;
  const scale = f32x4.splat(1 / sqrt<f32>(d as f32));
  const ds = scratch() + productBytes();
  const bytes = l << 2;
  const last = share(batch * heads, 1, part + 1, parts);
  for (let t = share(batch * heads, 1, part, parts); t < last; t++) {
    const offset = ((t / heads) * l * width + (t % heads) * d) << 2;
    const p = probabilities + ((t * l * l) << 2);
    multiply(p, 1, l, dout + offset, width, 1, dv + offset, width, l, d, l, false);
    multiply(dout + offset, width, 1, v + offset, 1, width, ds, l, l, l, d, false);
    for (let i: usize = 0; i < l; i++) {
      const row = ds + i * bytes;
      const weights = p + i * bytes;
      let sum = f32x4.splat(0);
      for (let j: usize = 0; j < bytes; j += 16) {
        sum = madd(v128.load(row + j), v128.load(weights + j), sum);
      }
      const mean = f32x4.splat(sum4(sum));
      for (let j: usize = 0; j < bytes; j += 16) {
        const slope = f32x4.mul(f32x4.sub(v128.load(row + j), mean), scale);
        v128.store(row + j, f32x4.mul(slope, v128.load(weights + j)));
      }
    }
    multiply(ds, l, 1, k + offset, width, 1, dq + offset, width, l, d, l, false);
    multiply(ds, 1, l, q + offset, width, 1, dk + offset, width, l, d, l, false);
  }
}

/** out[segments, n] = Σ of the rows of x[m, n] that `ids` sends there: columns are shared out. n a multiple of 4. */
export function segmentSum(
  x: usize,
  ids: usize,
  out: usize,
  m: usize,
  n: usize,
  segments: usize,
  part: usize,
  parts: usize,
): void {
  const j0 = share(n, 4, part, parts) << 2;
  const j1 = share(n, 4, part + 1, parts) << 2;
  const bytes = n << 2;
  if (parts === 1) memory.fill(out, 0, segments * bytes);
  else for (let s: usize = 0; s < segments; s++) memory.fill(out + s * bytes + j0, 0, j1 - j0);
  for (let i: usize = 0; i < m; i++) {
    const to = out + (load<u32>(ids + (i << 2)) as usize) * bytes;
    const row = x + i * bytes;
    for (let j = j0; j < j1; j += 16) {
      v128.store(to + j, f32x4.add(v128.load(to + j), v128.load(row + j)));
    }
  }
}

/** out = x + y, n a multiple of 4. */
export function add(x: usize, y: usize, out: usize, n: usize, part: usize, parts: usize): void {
  const last = share(n, 4, part + 1, parts) << 2;
  for (let at = share(n, 4, part, parts) << 2; at < last; at += 16) {
    v128.store(out + at, f32x4.add(v128.load(x + at), v128.load(y + at)));
  }
}

/** w −= rate·g. */
export function descend(w: usize, g: usize, rate: f32, n: usize, part: usize, parts: usize): void {
  const last = share(n, 4, part + 1, parts) << 2;
  const step = f32x4.splat(-rate);
  const whole = min(last, (n << 2) & ~15);
  let at = share(n, 4, part, parts) << 2;
  for (; at < whole; at += 16) v128.store(w + at, madd(v128.load(g + at), step, v128.load(w + at)));
  for (; at < last; at += 4) store<f32>(w + at, load<f32>(w + at) - rate * load<f32>(g + at));
}
