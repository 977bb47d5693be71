import { share } from './thread';
import { read4, write4 } from './vectors';

/**
 * A step of AdamW in place, in the order of roundings of src/training/optimizers/adamw.ts:
 * m ← m·β₁ + g·(1−β₁), v ← v·β₂ + g²·(1−β₂), θ ← θ·decay − (m·rate)/(√(v/correction) + ε).
 *
 * @param prepared v was updated for this step already
 */
export function adamw(
  theta: usize,
  m: usize,
  v: usize,
  g: usize,
  n: usize,
  prepared: bool,
  beta1: f32,
  rest1: f32,
  beta2: f32,
  rest2: f32,
  decay: f32,
  rate: f32,
  correction: f32,
  epsilon: f32,
  part: usize,
  parts: usize,
): void {
  const last = share(n, 4, part + 1, parts);
  for (let i = share(n, 4, part, parts); i < last; i += 4) {
    const at = i << 2;
    const left = n - i;
    const gradient = read4(g + at, left);
    const first = average(read4(m + at, left), gradient, beta1, rest1);
    let second = read4(v + at, left);
    if (!prepared) second = average(second, f32x4.mul(gradient, gradient), beta2, rest2);
    const root = f32x4.sqrt(f32x4.div(second, f32x4.splat(correction)));
    const scale = f32x4.add(root, f32x4.splat(epsilon));
    const change = f32x4.div(f32x4.mul(first, f32x4.splat(rate)), scale);
    const decayed = f32x4.mul(read4(theta + at, left), f32x4.splat(decay));
    write4(theta + at, f32x4.sub(decayed, change), left);
    write4(m + at, first, left);
    if (!prepared) write4(v + at, second, left);
  }
}

function average(before: v128, x: v128, beta: f32, rest: f32): v128 {
  return f32x4.add(f32x4.mul(before, f32x4.splat(beta)), f32x4.mul(x, f32x4.splat(rest)));
}
