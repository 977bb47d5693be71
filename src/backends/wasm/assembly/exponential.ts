import { EXP } from './constants';
import { constants, madd } from './thread';

/**
 * eˣ of four floats, to an ulp or two: 2ⁿ·p(r), |r| ≤ ln2/2, with the polynomial of Cephes's `expf`. Where eˣ is subnormal the
 * result is 0, so that later operations stay fast; above x = 88 it is e⁸⁸.
 */
export function exp4(x: v128): v128 {
  const c = constants() + EXP;
  const vanishing = f32x4.lt(x, v128.load32_splat(c));
  x = f32x4.pmin(x, v128.load32_splat(c, 4));
  const rounding = v128.load32_splat(c, 12);
  const rounded = madd(x, v128.load32_splat(c, 8), rounding);
  const n = f32x4.sub(rounded, rounding);
  const r = madd(n, v128.load32_splat(c, 20), madd(n, v128.load32_splat(c, 16), x));
  let p = v128.load32_splat(c, 24);
  p = madd(p, r, v128.load32_splat(c, 28));
  p = madd(p, r, v128.load32_splat(c, 32));
  p = madd(p, r, v128.load32_splat(c, 36));
  p = madd(p, r, v128.load32_splat(c, 40));
  p = madd(p, r, v128.load32_splat(c, 44));
  const one = v128.load32_splat(c, 48);
  p = f32x4.add(madd(p, f32x4.mul(r, r), r), one);
  // Added to the exponent of 1.
  const power = i32x4.add(i32x4.shl(rounded, 23), one);
  return v128.andnot(f32x4.mul(p, power), vanishing);
}
