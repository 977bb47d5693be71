import { madd } from './thread';

/** 1.5·2²³: a number of |n| < 2²² that is added to it is rounded to an integer, which then stands in the lowest bits. */
const ROUNDING: f32 = 12582912;

/**
 * eˣ of four floats, to an ulp or two: 2ⁿ·p(r), |r| ≤ ln2/2, with the polynomial of Cephes's `expf`. Where eˣ is no normal float it
 * is 0, so that nothing after it is slow; from e⁸⁸ on it is e⁸⁸.
 */
export function exp4(x: v128): v128 {
  const vanishing = f32x4.lt(x, f32x4.splat(-87.3));
  x = f32x4.pmin(x, f32x4.splat(88.0));
  const rounded = madd(x, f32x4.splat(Mathf.LOG2E), f32x4.splat(ROUNDING));
  const n = f32x4.sub(rounded, f32x4.splat(ROUNDING));
  const r = madd(n, f32x4.splat(2.1219444e-4), madd(n, f32x4.splat(-0.693359375), x));
  let p = f32x4.splat(1.9875691e-4);
  p = madd(p, r, f32x4.splat(1.3981999e-3));
  p = madd(p, r, f32x4.splat(8.3334519e-3));
  p = madd(p, r, f32x4.splat(4.1665796e-2));
  p = madd(p, r, f32x4.splat(1.6666666e-1));
  p = madd(p, r, f32x4.splat(0.5));
  p = f32x4.add(madd(p, f32x4.mul(r, r), r), f32x4.splat(1));
  const power = i32x4.add(i32x4.shl(rounded, 23), i32x4.splat(127 << 23));
  return v128.andnot(f32x4.mul(p, power), vanishing);
}
