/**
 * Attention by heads, in place: q, y and their gradients [batch·queries, heads·width]; k, v and theirs
 * [batch·keys, keyValueHeads·width], each for heads/keyValueHeads heads in turn; probabilities [batch, heads, queries, keys].
 * Causal: query i sees keys up to i + keys − queries. `keepScale`, 1/(1 − rate), is 0 without dropout.
 */
import { factors4 } from './dropout';
import { multiply, productBytes } from './product';
import { exponentials } from './softmax';
import { madd, scratch, share } from './thread';
import { max4, read4, sum4, write4 } from './vectors';

/** Scores that fit in a thread's scratch. */
const MAX_SCORES: usize = 64 * 4096;
/** Queries computed at a time if causal: keys that none of them sees are skipped. */
const MAX_CAUSAL_QUERIES: usize = 48;

/** Bytes of scratch that attention needs after those of a product. */
export function attentionBytes(): usize {
  return MAX_SCORES << 2;
}

function queriesAtOnce(queries: usize, keys: usize, causal: bool): usize {
  const fitting = max(1, min(queries, MAX_SCORES / keys));
  return causal ? min(fitting, MAX_CAUSAL_QUERIES) : fitting;
}

/** y = dropped(softmax(q·kᵀ/√width + mask))·v; mask [batch, keys]. Heads are divided among the parts. */
export function attention(
  q: usize,
  k: usize,
  v: usize,
  mask: usize,
  probabilities: usize,
  y: usize,
  batch: usize,
  queries: usize,
  keys: usize,
  heads: usize,
  keyValueHeads: usize,
  width: usize,
  causal: bool,
  seed: u32,
  threshold: u32,
  keepScale: f32,
  part: usize,
  parts: usize,
): void {
  const stride = heads * width;
  const keyStride = keyValueHeads * width;
  const scale: f32 = 1 / sqrt<f32>(width as f32);
  const some = queriesAtOnce(queries, keys, causal);
  const weights = scratch() + productBytes();
  const last = share(batch * heads, 1, part + 1, parts);
  for (let t = share(batch * heads, 1, part, parts); t < last; t++) {
    const b = t / heads;
    const head = t % heads;
    const own = (b * keys * keyStride + (head / (heads / keyValueHeads)) * width) << 2;
    for (let i: usize = 0; i < queries; i += some) {
      const rows = min(some, queries - i);
      const seen = causal ? i + rows + keys - queries : keys;
      const at = ((b * queries + i) * stride + head * width) << 2;
      const index = (t * queries + i) * keys;
      const p = probabilities + (index << 2);
      multiply(q + at, stride, 1, k + own, 1, keyStride, p, keys, rows, seen, width, false);
      for (let r: usize = 0; r < rows; r++) {
        const visible = causal ? i + r + 1 + keys - queries : keys;
        softmax(p + ((r * keys) << 2), mask + ((b * keys) << 2), scale, visible, keys);
      }
      if (keepScale) dropRows(p, weights, index as u32, rows, keys, seed, threshold, keepScale);
      const used = keepScale ? weights : p;
      multiply(used, keys, 1, v + own, keyStride, 1, y + at, stride, rows, width, seen, false);
    }
  }
}

/** Its gradients. Heads of keys and values are divided among the parts, each with all query heads that share it. */
export function attentionInputs(
  q: usize,
  k: usize,
  v: usize,
  probabilities: usize,
  dy: usize,
  dq: usize,
  dk: usize,
  dv: usize,
  batch: usize,
  queries: usize,
  keys: usize,
  heads: usize,
  keyValueHeads: usize,
  width: usize,
  causal: bool,
  seed: u32,
  threshold: u32,
  keepScale: f32,
  part: usize,
  parts: usize,
): void {
  const stride = heads * width;
  const keyStride = keyValueHeads * width;
  const sharers = heads / keyValueHeads;
  const scale: f32 = 1 / sqrt<f32>(width as f32);
  const some = queriesAtOnce(queries, keys, causal);
  const ds = scratch() + productBytes();
  const last = share(batch * keyValueHeads, 1, part + 1, parts);
  for (let u = share(batch * keyValueHeads, 1, part, parts); u < last; u++) {
    const b = u / keyValueHeads;
    const own = (b * keys * keyStride + (u % keyValueHeads) * width) << 2;
    for (let j: usize = 0; j < keys; j++) {
      memory.fill(dk + own + ((j * keyStride) << 2), 0, width << 2);
      memory.fill(dv + own + ((j * keyStride) << 2), 0, width << 2);
    }
    for (let t = u * sharers; t < (u + 1) * sharers; t++) {
      for (let i: usize = 0; i < queries; i += some) {
        const rows = min(some, queries - i);
        const seen = causal ? i + rows + keys - queries : keys;
        const at = ((b * queries + i) * stride + (t % heads) * width) << 2;
        const index = (t * queries + i) * keys;
        const p = probabilities + (index << 2);
        if (keepScale) dropRows(p, ds, index as u32, rows, keys, seed, threshold, keepScale);
        const used = keepScale ? ds : p;
        multiply(used, 1, keys, dy + at, stride, 1, dv + own, keyStride, seen, width, rows, true);
        multiply(dy + at, stride, 1, v + own, 1, keyStride, ds, keys, rows, seen, width, false);
        if (keepScale) dropRows(ds, ds, index as u32, rows, keys, seed, threshold, keepScale);
        for (let r: usize = 0; r < rows; r++) {
          const row = (r * keys) << 2;
          softmaxInput(p + row, ds + row, scale, seen);
        }
        multiply(ds, keys, 1, k + own, keyStride, 1, dq + at, stride, rows, width, seen, false);
        multiply(ds, 1, keys, q + at, stride, 1, dk + own, keyStride, seen, width, rows, true);
      }
    }
  }
}

/** Of the first `visible` scores of a row, in place; the other probabilities are 0. */
function softmax(row: usize, mask: usize, scale: f32, visible: usize, keys: usize): void {
  const sum = exponentials(row, row, visible, masked(row, mask, scale, visible));
  const inverse = f32x4.splat(1 / sum);
  for (let j: usize = 0; j < visible; j += 4) {
    const at = row + (j << 2);
    write4(at, f32x4.mul(read4(at, visible - j), inverse), visible - j);
  }
  memory.fill(row + (visible << 2), 0, (keys - visible) << 2);
}

/** Scales scores and adds the mask, in place. @returns the largest */
function masked(row: usize, mask: usize, scale: f32, n: usize): f32 {
  const whole = n & ~3;
  let peak = f32x4.splat(-Infinity);
  for (let j: usize = 0; j < whole; j += 4) {
    const at = j << 2;
    const score = madd(v128.load(row + at), f32x4.splat(scale), v128.load(mask + at));
    v128.store(row + at, score);
    peak = f32x4.max(peak, score);
  }
  let largest = max4(peak);
  for (let at = whole << 2; at < n << 2; at += 4) {
    const score = load<f32>(row + at) * scale + load<f32>(mask + at);
    store<f32>(row + at, score);
    largest = max(largest, score);
  }
  return largest;
}

/** From gradients of probabilities p to those of the scores before scaling, in place: p·(dp − Σ dp·p)·scale. */
function softmaxInput(p: usize, dp: usize, scale: f32, seen: usize): void {
  let sum = f32x4.splat(0);
  for (let j: usize = 0; j < seen; j += 4) {
    const at = j << 2;
    sum = madd(read4(dp + at, seen - j), read4(p + at, seen - j), sum);
  }
  const mean = f32x4.splat(sum4(sum));
  for (let j: usize = 0; j < seen; j += 4) {
    const at = j << 2;
    const gradient = f32x4.mul(f32x4.sub(read4(dp + at, seen - j), mean), f32x4.splat(scale));
    write4(dp + at, f32x4.mul(gradient, read4(p + at, seen - j)), seen - j);
  }
}

/** Applies dropout to rows of probabilities, or of gradients, the first element of which has this index. */
function dropRows(
  from: usize,
  to: usize,
  index: u32,
  rows: usize,
  keys: usize,
  seed: u32,
  threshold: u32,
  keepScale: f32,
): void {
  const n = rows * keys;
  for (let j: usize = 0; j < n; j += 4) {
    const at = j << 2;
    const factors = factors4(index + (j as u32), seed, threshold, keepScale);
    write4(to + at, f32x4.mul(read4(from + at, n - j), factors), n - j);
  }
}
