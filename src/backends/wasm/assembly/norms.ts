/**
 * Norms by rows of n: y = γ·z + β, z = (x − μ)/√(mean((x − μ)²) + ε). Without `means` μ is 0, and without `beta` β: that is the norm
 * by root mean square.
 */
import { madd, share } from './thread';
import { lanes, read4, STRIP, sum4, write4 } from './vectors';

/** Keeps μ and 1/√(mean((x − μ)²) + ε) of each row. */
export function norm(
  x: usize,
  gamma: usize,
  beta: usize,
  y: usize,
  means: usize,
  scales: usize,
  m: usize,
  n: usize,
  epsilon: f32,
  part: usize,
  parts: usize,
): void {
  const last = share(m, 1, part + 1, parts);
  for (let i = share(m, 1, part, parts); i < last; i++) {
    const row = x + ((i * n) << 2);
    const to = y + ((i * n) << 2);
    let sum = f32x4.splat(0);
    for (let j: usize = 0; means && j < n; j += 4) {
      sum = f32x4.add(sum, read4(row + (j << 2), n - j));
    }
    const mean = sum4(sum) / (n as f32);
    sum = f32x4.splat(0);
    for (let j: usize = 0; j < n; j += 4) {
      const d = v128.and(f32x4.sub(read4(row + (j << 2), n - j), f32x4.splat(mean)), lanes(n - j));
      sum = madd(d, d, sum);
    }
    const scale: f32 = 1 / sqrt<f32>(sum4(sum) / (n as f32) + epsilon);
    for (let j: usize = 0; j < n; j += 4) {
      const at = j << 2;
      const d = f32x4.sub(read4(row + at, n - j), f32x4.splat(mean));
      const z = f32x4.mul(d, f32x4.splat(scale));
      const shift = beta ? read4(beta + at, n - j) : f32x4.splat(0);
      write4(to + at, madd(z, read4(gamma + at, n - j), shift), n - j);
    }
    if (means) store<f32>(means + (i << 2), mean);
    store<f32>(scales + (i << 2), scale);
  }
}

/** dx = (g − mean(g) − z·mean(g·z))/σ with g = γ·dy; without means there is no mean(g). */
export function normInput(
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
  for (let i = share(m, 1, part, parts); i < last; i++) {
    const row = x + ((i * n) << 2);
    const gradient = dy + ((i * n) << 2);
    const to = dx + ((i * n) << 2);
    const mean = f32x4.splat(means ? load<f32>(means + (i << 2)) : 0);
    const scale = f32x4.splat(load<f32>(scales + (i << 2)));
    let sum = f32x4.splat(0);
    let product = f32x4.splat(0);
    for (let j: usize = 0; j < n; j += 4) {
      const at = j << 2;
      const g = f32x4.mul(read4(gradient + at, n - j), read4(gamma + at, n - j));
      const z = f32x4.mul(f32x4.sub(read4(row + at, n - j), mean), scale);
      sum = f32x4.add(sum, g);
      product = madd(g, z, product);
    }
    const meanG = f32x4.splat(means ? sum4(sum) / (n as f32) : 0);
    const meanGz = f32x4.splat(sum4(product) / (n as f32));
    for (let j: usize = 0; j < n; j += 4) {
      const at = j << 2;
      const g = f32x4.mul(read4(gradient + at, n - j), read4(gamma + at, n - j));
      const z = f32x4.mul(f32x4.sub(read4(row + at, n - j), mean), scale);
      const d = f32x4.sub(f32x4.sub(g, meanG), f32x4.mul(z, meanGz));
      write4(to + at, f32x4.mul(d, scale), n - j);
    }
  }
}

/**
 * dγ = Σ dy·z and dβ = Σ dy over the rows of each of k groups, [k, n] each; without means there is no dβ. Strips of columns of a
 * group are divided among the parts.
 */
export function normParameters(
  x: usize,
  means: usize,
  scales: usize,
  dy: usize,
  dgamma: usize,
  dbeta: usize,
  bounds: usize,
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
      let gamma = f32x4.splat(0);
      let beta = f32x4.splat(0);
      for (let i = first; i < last; i++) {
        const at = (i * n + j) << 2;
        const mean = f32x4.splat(means ? load<f32>(means + (i << 2)) : 0);
        const scale = v128.load32_splat(scales + (i << 2));
        const d = read4(dy + at, n - j);
        const z = f32x4.mul(f32x4.sub(read4(x + at, n - j), mean), scale);
        gamma = madd(d, z, gamma);
        beta = f32x4.add(beta, d);
      }
      const to = (g * n + j) << 2;
      write4(dgamma + to, gamma, n - j);
      if (means) write4(dbeta + to, beta, n - j);
    }
  }
}
