/**
 * Float32 kernels of a transformer's training step, in AssemblyScript (compiled by `asc`, not by tsc).
 *
 * They own no memory: every argument is a byte address, a count or a stride (in floats) in the memory they are given, which
 * is that of the tensors. Each exported kernel ends in `part, parts`: the same call with every part in 0…parts−1, from as
 * many threads, does the whole of the work; parts write to disjoint places. `pack` is scratch of one thread.
 */

/** Rows and columns of C that stay in registers: 6 × 2 vectors, and 2 of B and 1 of A beside them, of 16. */
const MR: usize = 6;
const NR: usize = 8;
/** A block of A (MC × KC) fits the second cache, a panel of B (KC × NR) the first. */
const MC: usize = 96;
const KC: usize = 512;
const NC: usize = 512;
/** Floats of scratch a thread needs: a block of A, a block of B, a tile. */
export function packFloats(): usize {
  return MC * KC + KC * NC + MR * NR;
}

function from(count: usize, unit: usize, part: usize, parts: usize): usize {
  const units = (count + unit - 1) / unit;
  return min(count, ((units * part) / parts) * unit);
}

function madd(a: v128, b: v128, c: v128): v128 {
  return ASC_FEATURE_RELAXED_SIMD ? f32x4.relaxed_madd(a, b, c) : f32x4.add(f32x4.mul(a, b), c);
}

/** Panels of MR rows, k by k; missing rows are zero. */
function packA(a: usize, rs: usize, cs: usize, m: usize, k: usize, to: usize): void {
  for (let i: usize = 0; i < m; i += MR) {
    const rows = min(MR, m - i);
    let at = a + ((i * rs) << 2);
    const row = rs << 2;
    const step = cs << 2;
    if (rows === MR && rs === 1) {
      for (let p: usize = 0; p < k; p++, at += step, to += 24) {
        v128.store(to, v128.load(at));
        store<u64>(to, load<u64>(at, 16), 16);
      }
    } else if (rows === MR) {
      for (let p: usize = 0; p < k; p++, at += step, to += 24) {
        store<f32>(to, load<f32>(at));
        store<f32>(to, load<f32>(at + row), 4);
        store<f32>(to, load<f32>(at + 2 * row), 8);
        store<f32>(to, load<f32>(at + 3 * row), 12);
        store<f32>(to, load<f32>(at + 4 * row), 16);
        store<f32>(to, load<f32>(at + 5 * row), 20);
      }
    } else {
      for (let p: usize = 0; p < k; p++, at += step, to += 24) {
        for (let r: usize = 0; r < MR; r++) {
          store<f32>(to + (r << 2), r < rows ? load<f32>(at + r * row) : 0);
        }
      }
    }
  }
}

/** Panels of NR columns, k by k; missing columns are zero. */
function packB(b: usize, rs: usize, cs: usize, k: usize, n: usize, to: usize): void {
  for (let j: usize = 0; j < n; j += NR) {
    const columns = min(NR, n - j);
    let at = b + ((j * cs) << 2);
    const column = cs << 2;
    const step = rs << 2;
    if (columns === NR && cs === 1) {
      for (let p: usize = 0; p < k; p++, at += step, to += 32) {
        v128.store(to, v128.load(at));
        v128.store(to, v128.load(at, 16), 16);
      }
    } else if (columns === NR) {
      for (let p: usize = 0; p < k; p++, at += step, to += 32) {
        store<f32>(to, load<f32>(at));
        store<f32>(to, load<f32>(at + column), 4);
        store<f32>(to, load<f32>(at + 2 * column), 8);
        store<f32>(to, load<f32>(at + 3 * column), 12);
        store<f32>(to, load<f32>(at + 4 * column), 16);
        store<f32>(to, load<f32>(at + 5 * column), 20);
        store<f32>(to, load<f32>(at + 6 * column), 24);
        store<f32>(to, load<f32>(at + 7 * column), 28);
      }
    } else {
      for (let p: usize = 0; p < k; p++, at += step, to += 32) {
        for (let c: usize = 0; c < NR; c++) {
          store<f32>(to + (c << 2), c < columns ? load<f32>(at + c * column) : 0);
        }
      }
    }
  }
}

function put(c: usize, x: v128, y: v128, accumulate: bool): void {
  if (accumulate) {
    x = f32x4.add(x, v128.load(c));
    y = f32x4.add(y, v128.load(c, 16));
  }
  v128.store(c, x);
  v128.store(c, y, 16);
}

/** One MR × NR tile of C (+)= panel of A · panel of B. */
function tile(a: usize, b: usize, k: usize, c: usize, ldc: usize, accumulate: bool): void {
  let c00 = f32x4.splat(0);
  let c01 = c00;
  let c10 = c00;
  let c11 = c00;
  let c20 = c00;
  let c21 = c00;
  let c30 = c00;
  let c31 = c00;
  let c40 = c00;
  let c41 = c00;
  let c50 = c00;
  let c51 = c00;
  for (const end = a + k * 24; a < end; a += 24, b += 32) {
    const b0 = v128.load(b);
    const b1 = v128.load(b, 16);
    let x = v128.load32_splat(a);
    c00 = madd(x, b0, c00);
    c01 = madd(x, b1, c01);
    x = v128.load32_splat(a, 4);
    c10 = madd(x, b0, c10);
    c11 = madd(x, b1, c11);
    x = v128.load32_splat(a, 8);
    c20 = madd(x, b0, c20);
    c21 = madd(x, b1, c21);
    x = v128.load32_splat(a, 12);
    c30 = madd(x, b0, c30);
    c31 = madd(x, b1, c31);
    x = v128.load32_splat(a, 16);
    c40 = madd(x, b0, c40);
    c41 = madd(x, b1, c41);
    x = v128.load32_splat(a, 20);
    c50 = madd(x, b0, c50);
    c51 = madd(x, b1, c51);
  }
  const row = ldc << 2;
  put(c, c00, c01, accumulate);
  put(c + row, c10, c11, accumulate);
  put(c + 2 * row, c20, c21, accumulate);
  put(c + 3 * row, c30, c31, accumulate);
  put(c + 4 * row, c40, c41, accumulate);
  put(c + 5 * row, c50, c51, accumulate);
}

/** C[m,n] (+)= A[m,k]·B[k,n], each with a stride of rows and of columns, C with one of rows: goto's loops. */
function multiply(
  a: usize,
  ars: usize,
  acs: usize,
  b: usize,
  brs: usize,
  bcs: usize,
  c: usize,
  ldc: usize,
  m: usize,
  n: usize,
  k: usize,
  accumulate: bool,
  pack: usize,
): void {
  const packedA = pack;
  const packedB = packedA + ((MC * KC) << 2);
  const edge = packedB + ((KC * NC) << 2);
  for (let j0: usize = 0; j0 < n; j0 += NC) {
    const width = min(NC, n - j0);
    for (let p0: usize = 0; p0 < k; p0 += KC) {
      const depth = min(KC, k - p0);
      const add = accumulate || p0 > 0;
      packB(b + ((p0 * brs + j0 * bcs) << 2), brs, bcs, depth, width, packedB);
      for (let i0: usize = 0; i0 < m; i0 += MC) {
        const height = min(MC, m - i0);
        packA(a + ((i0 * ars + p0 * acs) << 2), ars, acs, height, depth, packedA);
        for (let j: usize = 0; j < width; j += NR) {
          const columns = min(NR, width - j);
          const panelB = packedB + ((j * depth) << 2);
          for (let i: usize = 0; i < height; i += MR) {
            const rows = min(MR, height - i);
            const panelA = packedA + ((i * depth) << 2);
            const at = c + (((i0 + i) * ldc + j0 + j) << 2);
            if (rows === MR && columns === NR) {
              tile(panelA, panelB, depth, at, ldc, add);
              continue;
            }
            tile(panelA, panelB, depth, edge, NR, false);
            for (let r: usize = 0; r < rows; r++) {
              for (let q: usize = 0; q < columns; q++) {
                const to = at + ((r * ldc + q) << 2);
                const value = load<f32>(edge + ((r * NR + q) << 2));
                store<f32>(to, add ? value + load<f32>(to) : value);
              }
            }
          }
        }
      }
    }
  }
}

/** C[m,n] = A·B (+ bias[n] in every row). The longer side of C is shared out. bias 0: none. */
export function gemm(
  a: usize,
  ars: usize,
  acs: usize,
  b: usize,
  brs: usize,
  bcs: usize,
  c: usize,
  m: usize,
  n: usize,
  k: usize,
  bias: usize,
  pack: usize,
  part: usize,
  parts: usize,
): void {
  let i0: usize = 0;
  let i1 = m;
  let j0: usize = 0;
  let j1 = n;
  if (m >= n) {
    i0 = from(m, MR, part, parts);
    i1 = from(m, MR, part + 1, parts);
  } else {
    j0 = from(n, NR, part, parts);
    j1 = from(n, NR, part + 1, parts);
  }
  const to = c + ((i0 * n + j0) << 2);
  if (bias) {
    for (let i = i0; i < i1; i++) {
      memory.copy(c + ((i * n + j0) << 2), bias + (j0 << 2), (j1 - j0) << 2);
    }
  }
  multiply(
    a + ((i0 * ars) << 2),
    ars,
    acs,
    b + ((j0 * bcs) << 2),
    brs,
    bcs,
    to,
    n,
    i1 - i0,
    j1 - j0,
    k,
    bias !== 0,
    pack,
  );
}

/** `batch` dense products, one after another in memory; whole products are shared out. */
export function gemmBatch(
  a: usize,
  ars: usize,
  acs: usize,
  b: usize,
  brs: usize,
  bcs: usize,
  c: usize,
  m: usize,
  n: usize,
  k: usize,
  batch: usize,
  pack: usize,
  part: usize,
  parts: usize,
): void {
  const last = from(batch, 1, part + 1, parts);
  for (let t = from(batch, 1, part, parts); t < last; t++) {
    multiply(
      a + ((t * m * k) << 2),
      ars,
      acs,
      b + ((t * k * n) << 2),
      brs,
      bcs,
      c + ((t * m * n) << 2),
      n,
      m,
      n,
      k,
      false,
      pack,
    );
  }
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
  const j1 = from(n, 4, part + 1, parts);
  for (let j = from(n, 4, part, parts); j < j1; j += 4) {
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
  const last = from(n, 4, part + 1, parts) << 2;
  const one = f32x4.splat(1);
  const half = f32x4.splat(0.5);
  for (let at = from(n, 4, part, parts) << 2; at < last; at += 16) {
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
  const last = from(m, 1, part + 1, parts);
  const bytes = n << 2;
  for (let i = from(m, 1, part, parts); i < last; i++) {
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
  const last = from(m, 1, part + 1, parts);
  const bytes = n << 2;
  for (let i = from(m, 1, part, parts); i < last; i++) {
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
  const last = from(n, 4, part + 1, parts) << 2;
  const bytes = n << 2;
  for (let j = from(n, 4, part, parts) << 2; j < last; j += 16) {
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
  pack: usize,
  part: usize,
  parts: usize,
): void {
  const width = heads * d;
  const scale = f32x4.splat(1 / sqrt<f32>(d as f32));
  const last = from(batch * heads, 1, part + 1, parts);
  for (let t = from(batch * heads, 1, part, parts); t < last; t++) {
    const b = t / heads;
    const offset = (b * l * width + (t % heads) * d) << 2;
    const p = probabilities + ((t * l * l) << 2);
    multiply(q + offset, width, 1, k + offset, 1, width, p, l, l, l, d, false, pack);
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
    multiply(p, l, 1, v + offset, width, 1, out + offset, width, l, d, l, false, pack);
  }
}

/** Its gradient. `pack` is followed by room for l × l floats. */
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
  pack: usize,
  part: usize,
  parts: usize,
): void {
  const width = heads * d;
  const scale = f32x4.splat(1 / sqrt<f32>(d as f32));
  const ds = pack + (packFloats() << 2);
  const bytes = l << 2;
  const last = from(batch * heads, 1, part + 1, parts);
  for (let t = from(batch * heads, 1, part, parts); t < last; t++) {
    const offset = ((t / heads) * l * width + (t % heads) * d) << 2;
    const p = probabilities + ((t * l * l) << 2);
    multiply(p, 1, l, dout + offset, width, 1, dv + offset, width, l, d, l, false, pack);
    multiply(dout + offset, width, 1, v + offset, 1, width, ds, l, l, l, d, false, pack);
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
    multiply(ds, l, 1, k + offset, width, 1, dq + offset, width, l, d, l, false, pack);
    multiply(ds, 1, l, q + offset, width, 1, dk + offset, width, l, d, l, false, pack);
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
  const j0 = from(n, 4, part, parts) << 2;
  const j1 = from(n, 4, part + 1, parts) << 2;
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
  const last = from(n, 4, part + 1, parts) << 2;
  for (let at = from(n, 4, part, parts) << 2; at < last; at += 16) {
    v128.store(out + at, f32x4.add(v128.load(x + at), v128.load(y + at)));
  }
}

/** w −= rate·g. */
export function descend(w: usize, g: usize, rate: f32, n: usize, part: usize, parts: usize): void {
  const last = from(n, 4, part + 1, parts) << 2;
  const step = f32x4.splat(-rate);
  const whole = min(last, (n << 2) & ~15);
  let at = from(n, 4, part, parts) << 2;
  for (; at < whole; at += 16) v128.store(w + at, madd(v128.load(g + at), step, v128.load(w + at)));
  for (; at < last; at += 4) store<f32>(w + at, load<f32>(w + at) - rate * load<f32>(g + at));
}
