import { madd } from './thread';

/**
 * eˣ of four floats, to an ulp or two: 2ⁿ·p(r), |r| ≤ ln2/2, with the polynomial of Cephes's `expf`. Where eˣ is no normal float it
 * is 0, so that nothing after it is slow; from e⁸⁸ on it is e⁸⁸.
 */
export function exp4(x: v128): v128 {
  const vanishing = f32x4.lt(x, f32x4.splat(-87.3));
  x = f32x4.min(x, f32x4.splat(88.0));
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
  return v128.andnot(f32x4.mul(p, power), vanishing);
}
