/** Activations and their derivatives, element by element. */
import { CDF, TANH } from './constants';
import { exp4 } from './exponential';
import { constants, madd, share } from './thread';
import { read4, write4 } from './vectors';

/** Numbers of the kinds, in the order of `KINDS` in src/backends/wasm/operations.ts. */
const GELU: i32 = 0;
const GELU_NEW: i32 = 1;
const RELU: i32 = 2;
const SILU: i32 = 3;

const GELU_CUBE: f32 = 0.044715;
/** √(2/π). */
const GELU_SCALE: f32 = 0.7978845608;

/** y = f(x) of n elements. */
export function activation(
  kind: i32,
  x: usize,
  y: usize,
  n: usize,
  part: usize,
  parts: usize,
): void {
  const last = share(n, 4, part + 1, parts);
  for (let i = share(n, 4, part, parts); i < last; i += 4) {
    const at = i << 2;
    write4(y + at, activate(kind, read4(x + at, n - i)), n - i);
  }
}

/** dx = dy·f′(x) of n elements. */
export function activationInput(
  kind: i32,
  x: usize,
  dy: usize,
  dx: usize,
  n: usize,
  part: usize,
  parts: usize,
): void {
  const last = share(n, 4, part + 1, parts);
  for (let i = share(n, 4, part, parts); i < last; i += 4) {
    const at = i << 2;
    const factor = derivative(kind, read4(x + at, n - i));
    write4(dx + at, f32x4.mul(read4(dy + at, n - i), factor), n - i);
  }
}

/** y = silu(gate)·up of n elements. */
export function gated(gate: usize, up: usize, y: usize, n: usize, part: usize, parts: usize): void {
  const last = share(n, 4, part + 1, parts);
  for (let i = share(n, 4, part, parts); i < last; i += 4) {
    const at = i << 2;
    const opened = activate(SILU, read4(gate + at, n - i));
    write4(y + at, f32x4.mul(opened, read4(up + at, n - i)), n - i);
  }
}

/** Both gradients of `gated`. */
export function gatedInputs(
  gate: usize,
  up: usize,
  dy: usize,
  dgate: usize,
  dup: usize,
  n: usize,
  part: usize,
  parts: usize,
): void {
  const last = share(n, 4, part + 1, parts);
  for (let i = share(n, 4, part, parts); i < last; i += 4) {
    const at = i << 2;
    const left = n - i;
    const x = read4(gate + at, left);
    const d = read4(dy + at, left);
    const s = sigmoid(x);
    const silu = f32x4.mul(x, s);
    write4(dup + at, f32x4.mul(d, silu), left);
    const through = f32x4.mul(d, read4(up + at, left));
    write4(dgate + at, f32x4.mul(through, siluDerivative(silu, s)), left);
  }
}

function activate(kind: i32, x: v128): v128 {
  if (kind === GELU) return f32x4.mul(x, normalCdf(x, gauss(x)));
  if (kind === GELU_NEW) {
    const half = f32x4.mul(x, f32x4.splat(0.5));
    return madd(half, tanh4(geluInner(x)), half);
  }
  if (kind === RELU) return f32x4.pmax(x, f32x4.splat(0));
  if (kind === SILU) return f32x4.mul(x, sigmoid(x));
  return tanh4(x);
}

function derivative(kind: i32, x: v128): v128 {
  const one = f32x4.splat(1);
  if (kind === GELU) {
    const g = gauss(x);
    return madd(f32x4.mul(x, v128.load32_splat(constants() + CDF, 4)), g, normalCdf(x, g));
  }
  if (kind === GELU_NEW) {
    const t = tanh4(geluInner(x));
    const half = f32x4.splat(0.5);
    const inner = madd(
      f32x4.mul(x, x),
      f32x4.splat(3 * GELU_CUBE * GELU_SCALE),
      f32x4.splat(GELU_SCALE),
    );
    const bend = f32x4.sub(one, f32x4.mul(t, t));
    const steep = f32x4.mul(f32x4.mul(f32x4.mul(x, half), bend), inner);
    return f32x4.add(madd(t, half, half), steep);
  }
  if (kind === RELU) return v128.and(one, f32x4.gt(x, f32x4.splat(0)));
  if (kind === SILU) {
    const s = sigmoid(x);
    return siluDerivative(f32x4.mul(x, s), s);
  }
  const t = tanh4(x);
  return f32x4.sub(one, f32x4.mul(t, t));
}

function sigmoid(x: v128): v128 {
  const one = f32x4.splat(1);
  return f32x4.div(one, f32x4.add(one, exp4(f32x4.neg(x))));
}

/** s + x·s·(1 − s), s the sigmoid of x. */
function siluDerivative(silu: v128, s: v128): v128 {
  return madd(silu, f32x4.sub(f32x4.splat(1), s), s);
}

/** e^(−x²/2). */
function gauss(x: v128): v128 {
  return exp4(f32x4.mul(f32x4.mul(x, x), v128.load32_splat(constants() + CDF)));
}

/** Φ by Abramowitz & Stegun 7.1.26, within 1.5e-7. @param g e^(−x²/2) */
function normalCdf(x: v128, g: v128): v128 {
  const c = constants() + CDF;
  const one = v128.load32_splat(c, 8);
  const t = f32x4.div(one, madd(f32x4.abs(x), v128.load32_splat(c, 12), one));
  let p = v128.load32_splat(c, 16);
  p = madd(p, t, v128.load32_splat(c, 20));
  p = madd(p, t, v128.load32_splat(c, 24));
  p = madd(p, t, v128.load32_splat(c, 28));
  p = madd(p, t, v128.load32_splat(c, 32));
  const tail = f32x4.mul(f32x4.mul(p, t), g);
  return v128.bitselect(f32x4.sub(one, tail), tail, f32x4.gt(x, f32x4.splat(0)));
}

function geluInner(x: v128): v128 {
  const scale = f32x4.splat(GELU_SCALE);
  const cube = f32x4.splat(GELU_CUBE * GELU_SCALE);
  return f32x4.mul(x, madd(f32x4.mul(x, x), cube, scale));
}

/** As Cephes's `tanhf`: a polynomial where |x| < 0.625, for 1 − 2/(e²ˣ + 1) has no digits left there. */
function tanh4(x: v128): v128 {
  const c = constants() + TANH;
  const square = f32x4.mul(x, x);
  let p = v128.load32_splat(c);
  p = madd(p, square, v128.load32_splat(c, 4));
  p = madd(p, square, v128.load32_splat(c, 8));
  p = madd(p, square, v128.load32_splat(c, 12));
  p = madd(p, square, v128.load32_splat(c, 16));
  const near = madd(f32x4.mul(p, square), x, x);
  const one = v128.load32_splat(c, 20);
  const e = exp4(f32x4.add(x, x));
  const far = f32x4.sub(one, f32x4.div(v128.load32_splat(c, 24), f32x4.add(e, one)));
  return v128.bitselect(near, far, f32x4.lt(f32x4.abs(x), v128.load32_splat(c, 28)));
}
